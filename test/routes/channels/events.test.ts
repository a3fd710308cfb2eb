import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { openNdjson, openSse } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { fetchProblem } from '../../support/problems.js'
import { openSocket, readUntil, requestText } from '../../support/raw-http.js'
import { startRedis } from '../../support/redis.js'
import { until } from '../../support/until.js'

const publish = (url: string, body: string | Buffer, query = '') =>
  fetch(`${url}/channels/news${query}`, { method: 'POST', body })

t.test('an SSE stream has the head that proxies and browsers want', async t => {
  const { url } = await build(t)
  const { response } = await openSse(t, `${url}/channels/news/events`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/event-stream/)
  t.match(response.headers.get('cache-control'), 'no-cache')
  t.equal(response.headers.get('x-accel-buffering'), 'no')
  t.match(response.headers.get('vary'), /accept/i)
  t.equal(response.headers.get('content-encoding'), null)
  t.equal(response.headers.get('content-length'), null)
})

t.test('an NDJSON stream has a head of its own', async t => {
  const { url } = await build(t)
  const { response } = await openNdjson(t, `${url}/channels/news/events`)
  t.match(response.headers.get('content-type'), /^application\/x-ndjson/)
  t.match(response.headers.get('cache-control'), 'no-cache')
  t.equal(response.headers.get('x-accel-buffering'), 'no')
  t.match(response.headers.get('vary'), /accept/i)
})

t.test('an SSE stream begins with a reconnection time between half and one and a half of RETRY_MS', async t => {
  const { url, port } = await build(t, { config: { RETRY_MS: 1000 } })
  const times = new Set<number>()
  for (let i = 0; i < 20; i++) {
    const socket = await openSocket(t, port)
    const opened = readUntil(socket, /retry: \d+\n/)
    socket.write(requestText('GET', '/channels/news/events'))
    const time = Number(/retry: (\d+)\n/.exec(await opened)?.[1])
    t.ok(time >= 500 && time <= 1500, `${time}`)
    times.add(time)
    socket.destroy()
  }
  t.ok(times.size > 1, 'not all the same')
  await until(async () => (await counts(url)).listeners === 0, 'everybody has left')
})

t.test('heartbeats arrive on a silent stream, as what each format passes over', async t => {
  const { url } = await build(t, { config: { HEARTBEAT_SECONDS: 0.1 } })
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  await until(() => (sse.text().match(/^:$/gm)?.length ?? 0) >= 3, 'three comments')
  await until(() => (ndjson.text().match(/^$/gm)?.length ?? 0) >= 3, 'three empty lines')
  t.same([...sse.all, ...ndjson.all], [])
  await publish(url, 'x')
  t.equal((await sse.next()).data, 'x')
  t.same(await ndjson.next(), { channel: 'news', data: 'x' })
})

const binary = Buffer.from([0, 0xff, 0x80, 10, 13])

t.test('each data field is the message itself, with the event type that the publisher gave', async t => {
  const { url } = await build(t)
  const stream = await openSse(t, `${url}/channels/news/events`)
  await publish(url, 'hello')
  t.match(await stream.next(), { data: 'hello', event: undefined, id: undefined })
  await publish(url, '42', '?event=price')
  t.match(await stream.next(), { data: '42', event: 'price' })
  await publish(url, '')
  t.match(await stream.next(), { data: '' })
  await publish(url, 'id: 1\nevent: evil\r\ndata: x\rretry: 1\n\n: y\u2028\u2029')
  t.match(await stream.next(), { data: 'id: 1\nevent: evil\ndata: x\nretry: 1\n\n: y\u2028\u2029', event: undefined })
  await publish(url, binary)
  const { event, data } = await stream.next()
  t.equal(event, 'envelope')
  t.same(JSON.parse(data), { channel: 'news', data: binary.toString('base64'), encoding: 'base64' })
})

t.test('with format=envelope everything comes in an envelope, exact to the last line end', async t => {
  const { url } = await build(t)
  const sse = await openSse(t, `${url}/channels/news/events?format=envelope`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const bodies = ['', 'a\rb\nc\r\nd\n\n', '\u2028\u2029\ufeff"\\', '🔔', '\0', 'x'.repeat(64 * 1024)]
  for (const body of bodies) {
    await publish(url, Buffer.from(body), '?event=e')
    const expected = { channel: 'news', event: 'e', data: body }
    const { event, data } = await sse.next()
    t.equal(event, undefined)
    t.same(JSON.parse(data), expected)
    t.same(await ndjson.next(), expected)
  }
  await publish(url, binary)
  const expected = { channel: 'news', data: binary.toString('base64'), encoding: 'base64' }
  t.same(JSON.parse((await sse.next()).data), expected)
  t.same(await ndjson.next(), expected)
})

t.test('limit ends the stream after so many messages, and not one more', async t => {
  const { url } = await build(t)
  for (const open of [openSse, openNdjson]) {
    const stream = await open(t, `${url}/channels/news/events?limit=3`)
    const messages = Array.from({ length: 5 }, (_, i) => ({ channel: 'news', data: `${i}` }))
    await fetch(`${url}/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages }),
    })
    t.same(
      (await stream.untilEnd()).map(({ data }) => data),
      ['0', '1', '2'],
    )
  }
})

t.test('curl waits for one message, or for some time, and ends content', async t => {
  const { url } = await build(t)
  const curl = async (...args: string[]) => (await promisify(execFile)('curl', ['-sS', '-N', '-i', ...args])).stdout
  const one = curl(`${url}/channels/news/events?limit=1`)
  await until(async () => (await counts(url)).listeners === 1, 'curl listens')
  await publish(url, 'hello')
  t.match(await one, /retry: \d+\n(:\n)*data: hello\n\n$/)
  t.match(await curl(`${url}/channels/news/events?timeout=0.05`), /\r\n\r\nretry: \d+\n(:\n)*$/)
  const ndjson = ['-H', 'Accept: application/x-ndjson', `${url}/channels/news/events?timeout=0.05`]
  t.match(await curl(...ndjson), /\r\n\r\n\n*$/)
  t.match(await curl('-0', ...ndjson), /\r\n\r\n\n*$/, 'HTTP/1.0')
})

t.test('a value that a stream cannot use is refused', async t => {
  const { url } = await build(t)
  const queries = [
    'limit=0',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'limit=',
    'limit=1&limit=2',
    'limit=1e9',
    'limit=NaN',
    'limit=Infinity',
  ]
  queries.push('timeout=0', 'timeout=-1', 'timeout=x', 'timeout=Infinity', 'timeout=1e9', 'format=x', 'format=')
  for (const query of queries)
    await fetchProblem(t, await fetch(`${url}/channels/news/events?${query}`), 'invalid-request', query)
})

t.test('a client that leaves in any way ends its subscription', async t => {
  const redis = await startRedis(t)
  const { url, port } = await build(t, { redisUrl: redis.url })
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  socket.write(requestText('GET', '/channels/news/events'))
  await opened
  t.same(await counts(url), { channel: 'news', subscribers: 1, listeners: 3 })
  sse.close()
  await until(async () => (await counts(url)).listeners === 2, 'two are left')
  socket.resetAndDestroy()
  await until(async () => (await counts(url)).listeners === 1, 'one is left')
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'news'), 'news\n1')
  ndjson.close()
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'news')) === 'news\n0', 'Redis has nobody')
  t.match(await redis.cli('PUBSUB', 'CHANNELS'), /^carillon:gateway[^\n]*\ncarillon:gateway[^\n]*$/)
})

async function counts(url: string): Promise<{ channel: string; subscribers: number; listeners: number }> {
  return (await (await fetch(`${url}/channels/news/subscribers`)).json()) as Awaited<ReturnType<typeof counts>> // as the API says
}
