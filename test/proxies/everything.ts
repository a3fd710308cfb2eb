import type { Test } from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build as buildGateway, type GatewayProcess } from '../support/gateway.js'
import type { RedisServer } from '../support/redis.js'
import { until } from '../support/until.js'

/** What passes through every proxy. */

/** A gateway that anybody may use: without rules it would serve nothing that a proxy passes on from elsewhere. */
export const build: typeof buildGateway = (t, { config, ...options } = {}) =>
  buildGateway(t, { ...options, config: { ALLOW_ANYONE_WITHOUT_ACCESS_RULES: true, ...config } })

export const publish = (url: string, channel: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(`${url}/channels/${channel}`, { method: 'POST', body })

/**
 * HTTP streams and POST at this address. A stream's head must come while nothing is published, and
 * one message while the stream stays open: both would hang behind a proxy that keeps them back.
 */
export async function httpPasses(t: Test, url: string): Promise<void> {
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const many = await openSse(t, `${url}/events?channel=news&pattern=sport:*`)
  const answer = await publish(url, 'news', 'hello')
  t.equal(answer.status, 200)
  t.match(await answer.json(), { channel: 'news' })
  t.equal((await sse.next()).data, 'hello')
  t.same(await ndjson.next(), { channel: 'news', data: 'hello' })
  t.same(JSON.parse((await many.next()).data), { channel: 'news', data: 'hello' })

  const large = 'ü'.repeat(32_768)
  await publish(url, 'news', large)
  t.equal((await sse.next()).data, large, 'a message of 64 KiB comes whole')

  const ended = await openSse(t, `${url}/channels/news/events?limit=1`)
  await publish(url, 'news', 'last')
  await ended.untilEnd()
  t.same(
    ended.all.map(({ data }) => data),
    ['last'],
    'a stream that ends by itself ends behind the proxy, too',
  )
}

/** Both WebSocket routes at this address. */
export async function webSocketsPass(t: Test, url: string): Promise<void> {
  const channel = await openWebSocket(t, `${url}/channels/news/ws`)
  const session = await openWebSocket(t, `${url}/ws`)
  session.send({ type: 'subscribe', channel: 'news', ref: 1 })
  t.match(JSON.parse((await session.next()).data), { type: 'subscribed', ref: 1 })
  channel.socket.send('from a socket')
  t.equal((await channel.next()).data, 'from a socket')
  t.same(JSON.parse((await session.next()).data), { channel: 'news', data: 'from a socket' })
}

/** Bodies of every length, with a `Content-Length` and in chunks, and a request line of 14 kB. */
export async function largeRequestsPass(t: Test, url: string): Promise<void> {
  const listener = await openSse(t, `${url}/channels/news/events`)
  const bytes = Buffer.alloc(65_536, 'a')
  const chunks = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.length; i += 4096) controller.enqueue(bytes.subarray(i, i + 4096))
      controller.close()
    },
  })
  const chunked = await fetch(`${url}/channels/news`, { method: 'POST', body: chunks, duplex: 'half' })
  t.equal(chunked.status, 200, 'a message that comes in chunks')
  t.equal((await listener.next()).data, bytes.toString())

  const empty = await publish(url, 'news', '')
  t.equal(empty.status, 200, 'an empty message')
  t.equal((await listener.next()).data, '')

  const messages = Array.from({ length: 16 }, () => ({ channel: 'other', data: 'x'.repeat(64_000) }))
  const batch = await fetch(`${url}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages }),
  })
  t.equal(batch.status, 200, 'a batch of 1 MB')
  await batch.body?.cancel()

  const tooLarge = await publish(url, 'news', 'x'.repeat(70_000))
  t.match(await tooLarge.json(), { status: 413, type: /./ }, 'a refusal is the answer of the gateway')

  const names = Array.from({ length: 100 }, (_, i) => `${i}`.padStart(128, 'c'))
  const many = await openSse(t, `${url}/events?${names.map(name => `channel=${name}`).join('&')}`)
  t.equal(many.response.status, 200, 'a stream of 100 channels with long names')
}

/** Streams of each kind, made by a gateway with short heartbeats, outlive the idle time of a proxy. */
export async function heartbeatsHold(t: Test, url: string, heartbeats: number): Promise<void> {
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const channel = await openWebSocket(t, `${url}/channels/news/ws`)
  const session = await openWebSocket(t, `${url}/ws`)
  session.send({ type: 'subscribe', channel: 'news' })
  await session.next()
  const pings = [channel, session].map(({ socket }) => {
    let count = 0
    socket.on('ping', () => count++)
    return () => count
  })
  const counts = [
    () =>
      sse
        .text()
        .split('\n')
        .filter(line => line === ':').length,
    () => ndjson.text().split('\n').length - 1,
    ...pings,
  ]
  await until(() => counts.every(count => count() >= heartbeats), `${heartbeats} heartbeats on each stream`)
  await publish(url, 'news', 'still here')
  t.equal((await sse.next()).data, 'still here')
  t.equal((await ndjson.next()).data, 'still here')
  t.equal((await channel.next()).data, 'still here')
  t.equal(JSON.parse((await session.next()).data).data, 'still here')
}

/** Streams of each kind, made by a gateway whose heartbeats come too late, are cut by the proxy. */
export async function silenceIsCut(t: Test, url: string): Promise<void> {
  const sse = await openSse(t, `${url}/channels/news/events`)
  const webSocket = await openWebSocket(t, `${url}/channels/news/ws`)
  await sse.untilEnd()
  t.equal((await webSocket.closed).code, 1006, 'without a word')
}

/** Clients of each kind that vanish behind the proxy leave nothing subscribed. */
export async function goneIsUnsubscribed(t: Test, url: string, redis: RedisServer): Promise<void> {
  const subscribers = () =>
    redis.cli('PUBSUB', 'NUMSUB', 'sse', 'ndjson', 'ws').then(text => text.replaceAll('\n', ' '))
  const sse = await openSse(t, `${url}/channels/sse/events`)
  const ndjson = await openNdjson(t, `${url}/channels/ndjson/events`)
  const webSocket = await openWebSocket(t, `${url}/channels/ws/ws`)
  t.equal(await subscribers(), 'sse 1 ndjson 1 ws 1')
  sse.close()
  ndjson.close()
  webSocket.socket.terminate()
  await until(async () => (await subscribers()) === 'sse 0 ndjson 0 ws 0', 'nothing is subscribed any more')
  t.pass('Redis knows that nobody listens')
}

/**
 * Two gateways behind one address, and one of them gets SIGTERM while publishes go on: each of them
 * is answered with one of the statuses, the streams of the other gateway go on without a hole, those
 * of the one that stops end with a `retry:`, and what they open again is live.
 */
export async function stopIsSurvived(t: Test, url: string, leaving: GatewayProcess, statuses: number[]): Promise<void> {
  const path = `${url}/channels/news/events`
  const streams = await Promise.all(Array.from({ length: 4 }, () => openSse(t, path)))
  let stopped = false
  const stopping = leaving.stop('SIGTERM').finally(() => (stopped = true))
  const published: string[] = []
  for (let i = 0; !stopped; i++) {
    const { status, body } = await publish(url, 'news', `${i}`)
    await body?.cancel()
    if (!statuses.includes(status)) t.fail(`a publish was answered with ${status}`)
    if (status === 200) published.push(`${i}`)
  }
  t.equal(await stopping, 0)
  await publish(url, 'news', 'the end')
  published.push('the end')

  const ended = streams.filter(stream => stream.text().lastIndexOf('retry: ') > 0)
  const staying = streams.filter(stream => !ended.includes(stream))
  t.equal(staying.length, 2, 'half of the streams were on the gateway that stays')
  for (const stream of staying) {
    await stream.find(({ data }) => data === 'the end')
    t.same(without(stream.all, published), published, 'nothing is missing')
  }
  for (const stream of ended) {
    const got = without(await stream.untilEnd(), published)
    t.same(got, published.slice(0, got.length), 'nothing is missing until its end')
    const again = await openSse(t, path)
    t.equal(again.response.status, 200)
    await publish(url, 'news', 'again')
    t.equal((await again.next()).data, 'again')
  }
}

/** What came, but for that of which only the proxy's error is known: it may have been published or not. */
const without = (events: readonly { data: string }[], known: readonly string[]): string[] =>
  events.map(({ data }) => data).filter(data => known.includes(data))

/** While no gateway runs, `EventSource` must get a 200 to come back; others the truth. */
export async function absenceIsTold(t: Test, url: string): Promise<void> {
  await until(async () => {
    const answer = await fetch(`${url}/channels/news/events`, { headers: { accept: 'text/event-stream' } })
    return answer.status === 200 && (await answer.text()) === 'retry: 3000\n\n'
  }, 'an EventSource is told to come back')
  const answer = await publish(url, 'news', 'hello')
  t.ok(answer.status === 502 || answer.status === 503)
}
