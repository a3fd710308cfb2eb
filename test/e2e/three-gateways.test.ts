import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { type GatewayProcess, startGateway } from '../support/gateway.js'
import { Inbox } from '../support/inbox.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

/** Three gateways on one Redis, each a process. */
async function startThree(t: Test): Promise<{ redis: RedisServer; gateways: GatewayProcess[]; urls: string[] }> {
  const redis = await startRedis(t)
  const environment = { REDIS_URL: redis.url, LOG_LEVEL: 'warn', MAX_SUBSCRIPTIONS: '1000' }
  const gateways = await Promise.all([1, 2, 3].map(() => startGateway(t, environment)))
  return { redis, gateways, urls: gateways.map(({ url }) => url) }
}

const publish = (url: string | undefined, channel: string, body: string, query = '') =>
  fetch(`${url}/channels/${channel}${query}`, { method: 'POST', body })

/** `redis-cli SUBSCRIBE`, as a native subscriber: resolves when Redis has acknowledged it. */
async function nativeSubscribe(t: Test, redis: RedisServer, channel: string): Promise<Inbox<string>> {
  const child = spawn('redis-cli', ['-p', `${redis.port}`, 'SUBSCRIBE', channel], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  const lines = new Inbox<string>()
  createInterface(child.stdout)
    .on('line', line => lines.put(line))
    .on('close', () => lines.end())
  await lines.take(3) // subscribe, the channel, 1
  const messages = new Inbox<string>()
  const pump = async () => {
    for (;;) messages.put((await lines.take(3, 60_000))[2] ?? '') // message, the channel, the bytes
  }
  pump().catch(() => messages.end())
  return messages
}

t.test('every subscriber gets all messages in one order, no matter which gateway they were published at', async t => {
  const { redis, urls } = await startThree(t)
  const native = await nativeSubscribe(t, redis, 'room')
  const clients = await Promise.all(
    urls.map(async url => ({
      sse: await openSse(t, `${url}/channels/room/events`),
      enveloped: await openSse(t, `${url}/channels/room/events?format=envelope`),
      ndjson: await openNdjson(t, `${url}/channels/room/events`),
      many: await openNdjson(t, `${url}/events?channel=room&pattern=r*&channel=other`),
      webSocket: await openWebSocket(t, `${url}/channels/room/ws`),
      session: await openWebSocket(t, `${url}/ws`),
    })),
  )
  for (const { session } of clients) {
    session.send({ type: 'subscribe', channel: 'room' })
    t.match(JSON.parse((await session.next()).data), { type: 'subscribed' })
  }
  // Five publishers at once, each by another way and each in its own order.
  const count = 40
  const mine = (who: string) => Array.from({ length: count }, (_, i) => `${who}-${i}`)
  const publishers: (() => Promise<unknown>)[] = [
    async () => {
      for (const text of mine('A')) t.equal((await publish(urls[0], 'room', text)).status, 200)
    },
    async () => {
      for (const text of mine('B')) t.equal((await publish(urls[1], 'room', text, '?event=chat')).status, 200)
    },
    async () => {
      for (const text of mine('C')) clients[2]?.webSocket.socket.send(text)
    },
    async () => {
      for (const data of mine('D')) clients[0]?.session.send({ type: 'publish', channel: 'room', data, event: 'd' })
    },
    async () => {
      for (const text of mine('E')) await redis.cli('PUBLISH', 'room', text)
    },
  ]
  await Promise.all(publishers.map(run => run()))

  const total = publishers.length * count
  const truth = await native.take(total)
  for (const who of 'ABCDE')
    t.same(
      truth.filter(text => text.startsWith(who)),
      mine(who),
      `${who} in its own order`,
    )
  for (const [i, { sse, enveloped, ndjson, many, webSocket, session }] of clients.entries()) {
    t.same(
      (await sse.take(total)).map(({ data }) => data),
      truth,
      `SSE on ${i}`,
    )
    t.same(
      (await enveloped.take(total)).map(({ data }) => JSON.parse(data).data),
      truth,
      `envelopes on ${i}`,
    )
    const lines = await ndjson.take(total)
    t.same(
      lines.map(({ data }) => data),
      truth,
      `NDJSON on ${i}`,
    )
    t.same(
      lines.filter(({ event }) => event === 'chat').map(({ data }) => data),
      mine('B'),
      'each event type is with its message',
    )
    t.equal(lines.filter(({ event }) => event === undefined).length, 3 * count)
    t.same(
      (await many.take(total)).map(({ data }) => data),
      truth,
      `several topics on ${i}`,
    )
    t.same(
      (await webSocket.take(total)).map(({ data }) => data),
      truth,
      `WebSocket on ${i}`,
    )
    const heard: string[] = []
    while (heard.length < total) {
      const frame = JSON.parse((await session.next()).data)
      if (frame.type === undefined) heard.push(frame.data)
    }
    t.same(heard, truth, `multiplexed WebSocket on ${i}`)
  }
})

t.test('with nobody online the message is gone, and the publisher knows', async t => {
  const { urls } = await startThree(t)
  t.same(await (await publish(urls[0], 'room', 'lost')).json(), { channel: 'room', receivers: 0 })
  const late = await openSse(t, `${urls[1]}/channels/room/events`)
  t.same(await (await publish(urls[2], 'room', 'heard')).json(), { channel: 'room', receivers: 1 })
  t.equal((await late.next()).data, 'heard')
})

t.test('a gateway has two connections to Redis, however many clients it has', async t => {
  const { redis, urls } = await startThree(t)
  const open = Array.from({ length: 600 }, (_, i) => openNdjson(t, `${urls[i % 3]}/channels/c${i % 50}/events`))
  await Promise.all(open)
  const list = (await redis.cli('CLIENT', 'LIST')).split('\n').filter(line => !line.includes('cmd=client'))
  t.equal(list.length, 6)
  t.equal(list.filter(line => / sub=\d{2,} /.test(line)).length, 3, 'one of each two is subscribed')
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'c0'), 'c0\n3')
  const { listeners } = (await (await fetch(`${urls[0]}/channels/c0/subscribers`)).json()) as { listeners: number }
  t.equal(listeners, 12)
})

t.test('a thousand joins and leaves at once leave no listeners behind in Redis', async t => {
  const { redis, urls } = await startThree(t)
  const rounds = Array.from({ length: 1000 }, async (_, i) => {
    const controller = new AbortController()
    const path = i % 4 === 0 ? `/events?pattern=r*&channel=room` : '/channels/room/events'
    const opened = fetch(urls[i % 3] + path, { signal: controller.signal }).catch(() => {})
    // Some leave when they are in, some on the way.
    if (i % 2) await opened
    controller.abort()
    await opened
  })
  await Promise.all(rounds)
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'room')) === 'room\n0', 'NUMSUB is 0')
  await until(async () => (await redis.cli('PUBSUB', 'NUMPAT')) === '0', 'NUMPAT is 0')
  const stream = await openSse(t, `${urls[0]}/channels/room/events`)
  t.same(await (await publish(urls[1], 'room', 'still')).json(), { channel: 'room', receivers: 1 })
  t.equal((await stream.next()).data, 'still')
})
