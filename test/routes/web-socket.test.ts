import type { Socket } from 'node:net'
import t from 'tap'
import { openNdjson, openWebSocket, type WebSocketClient } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const next = async (client: WebSocketClient) => JSON.parse((await client.next()).data)

async function ask(client: WebSocketClient, request: object) {
  client.send(request)
  return next(client)
}

t.test(
  'a client subscribes, publishes, unsubscribes and pings as it goes, and each is answered with its ref',
  async t => {
    const redis = await startRedis(t)
    const { url } = await build(t, { redisUrl: redis.url })
    const client = await openWebSocket(t, `${url}/ws`)
    t.same(await ask(client, { type: 'ping' }), { type: 'pong' })
    t.same(await ask(client, { type: 'ping', ref: '' }), { type: 'pong', ref: '' })
    t.same(await ask(client, { type: 'subscribe', channel: 'news', ref: 1 }), {
      type: 'subscribed',
      ref: 1,
      channel: 'news',
    })
    t.same(await ask(client, { type: 'subscribe', pattern: 'chat:*', ref: 'p' }), {
      type: 'subscribed',
      ref: 'p',
      pattern: 'chat:*',
    })
    t.equal(await redis.cli('PUBLISH', 'news', 'native'), '1')
    t.same(await next(client), { channel: 'news', data: 'native' })

    client.send({ type: 'publish', channel: 'chat:a', data: 'AP8=', encoding: 'base64', event: 'e', ref: 2.5 })
    const both = [await next(client), await next(client)]
    t.same(
      both.find(({ type }) => type),
      { type: 'published', ref: 2.5, channel: 'chat:a', receivers: 1 },
    )
    t.same(
      both.find(({ type }) => !type),
      { channel: 'chat:a', event: 'e', data: 'AP8=', encoding: 'base64' },
    )
    t.same(await ask(client, { type: 'publish', channel: 'empty', data: '', ref: 3 }), {
      type: 'published',
      ref: 3,
      channel: 'empty',
      receivers: 0,
    })
    t.same(await ask(client, { type: 'unsubscribe', channel: 'news', ref: 4 }), {
      type: 'unsubscribed',
      ref: 4,
      channel: 'news',
    })
    await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'news')) === 'news\n0', 'Redis has nobody')
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'missed' })
    t.same(await ask(client, { type: 'ping', ref: 5 }), { type: 'pong', ref: 5 })
    t.same(await ask(client, { type: 'unsubscribe', channel: 'never', ref: 6 }), {
      type: 'unsubscribed',
      ref: 6,
      channel: 'never',
    })
  },
)

t.test('a subscription that is given up before Redis acknowledged it is answered all the same', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const client = await openWebSocket(t, `${url}/ws`)
  const frames = ['subscribe', 'unsubscribe', 'subscribe', 'subscribe', 'unsubscribe', 'subscribe', 'subscribe']
  // In one packet, so that none is answered before the last was read.
  const { socket } = client
  const connection = Reflect.get(socket, '_socket') as Socket // of ws, which has no name for it
  connection.cork()
  for (const [ref, type] of frames.entries()) client.send({ type, channel: 'news', ref })
  connection.uncork()
  const answers = (await client.take(frames.length)).map(({ data }) => JSON.parse(data))
  const types = frames.map((_, ref) => answers.find(answer => answer.ref === ref)?.type)
  t.same(types, ['error', 'unsubscribed', 'error', 'error', 'unsubscribed', 'subscribed', 'subscribed'])
  await redis.cli('PUBLISH', 'news', 'hello')
  t.same(await next(client), { channel: 'news', data: 'hello' })
})

t.test('frames that come at once take effect in their order', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const listener = await openNdjson(t, `${url}/channels/news/events`)
  const client = await openWebSocket(t, `${url}/ws`)
  const numbers = Array.from({ length: 200 }, (_, i) => `${i}`)
  for (const data of numbers)
    client.send({ type: 'publish', channel: 'news', data, ref: data, ...(+data % 3 ? {} : { event: 'e' }) })
  t.same(
    (await listener.take(200)).map(({ data }) => data),
    numbers,
  )
  t.same(
    (await client.take(200)).map(({ data }) => JSON.parse(data).ref),
    numbers,
  )
})

t.test(
  'one client that covers a channel by its name and by patterns gets a message once, also as topics come and go',
  async t => {
    const { url } = await build(t)
    const client = await openWebSocket(t, `${url}/ws`)
    const publish = (body: string) => fetch(`${url}/channels/chat:a`, { method: 'POST', body })
    const topics = [{ pattern: 'chat:*' }, { channel: 'chat:a' }, { pattern: '*' }, { channel: 'chat:a' }]
    for (const topic of topics) t.match(await ask(client, { type: 'subscribe', ...topic }), { type: 'subscribed' })
    await publish('1')
    t.same(await next(client), { channel: 'chat:a', data: '1' })
    for (const topic of [{ channel: 'chat:a' }, { pattern: 'chat:*' }]) {
      t.match(await ask(client, { type: 'unsubscribe', ...topic }), { type: 'unsubscribed' })
      await publish('2')
      t.same(await next(client), { channel: 'chat:a', data: '2' })
    }
    t.match(await ask(client, { type: 'unsubscribe', pattern: '*' }), { type: 'unsubscribed' })
    await publish('3')
    t.match(await ask(client, { type: 'ping' }), { type: 'pong' })
  },
)

t.test('a frame that is no request gets an error frame, and then 1008', async t => {
  const { url } = await build(t)
  const bad = ['', 'hello', '{', 'null', '[]', '1', '{}', '{"type":"nonsense"}', '{"type":"ping","more":1}']
  bad.push('{"type":"publish","channel":"a"}', '{"type":"publish","channel":"a","data":1}', '['.repeat(50_000))
  bad.push('{"type":"subscribe","channel":["a"]}', '{"type":"ping","ref":{}}', '{"type":"__proto__"}')
  for (const frame of bad) {
    const client = await openWebSocket(t, `${url}/ws`)
    client.socket.send(frame)
    t.match(await next(client), {
      type: 'error',
      problem: { status: 400, type: String, title: String, detail: String },
    })
    t.match(await client.closed, { code: 1008, reason: 'bad_message' }, frame.slice(0, 40))
  }
  const client = await openWebSocket(t, `${url}/ws`)
  client.send({ type: 'nonsense', ref: 'mine' })
  t.match(await next(client), { type: 'error', ref: 'mine' })
})

t.test('one subscription too many gets an error frame, and then 1008', async t => {
  const { url } = await build(t, { config: { MAX_SUBSCRIPTIONS: 2 } })
  const client = await openWebSocket(t, `${url}/ws`)
  for (const topic of [{ channel: 'a' }, { pattern: 'b*' }, { channel: 'a' }])
    t.match(await ask(client, { type: 'subscribe', ...topic }), { type: 'subscribed' })
  t.match(await ask(client, { type: 'subscribe', channel: 'c', ref: 9 }), {
    type: 'error',
    ref: 9,
    problem: { type: 'urn:carillon:problem:too-many-subscriptions' },
  })
  t.equal((await client.closed).code, 1008)
  t.same(await (await fetch(`${url}/channels`)).json(), { channels: [] })
})

t.test('a message over the limit is an error, a frame over any sense closes with 1009', async t => {
  const { url } = await build(t, { config: { MAX_MESSAGE_BYTES: 1000 } })
  const client = await openWebSocket(t, `${url}/ws`)
  const tooLarge = await ask(client, { type: 'publish', channel: 'a', data: 'x'.repeat(1001), ref: 1 })
  t.match(tooLarge, { type: 'error', ref: 1, problem: { type: 'urn:carillon:problem:message-too-large', status: 413 } })
  t.match(await ask(client, { type: 'publish', channel: 'a', data: '"\n\0'.repeat(333), ref: 2 }), {
    type: 'published',
    ref: 2,
  })
  client.socket.send('x'.repeat(50_000))
  t.equal((await client.closed).code, 1009)
})

t.test('a message of the full size may consist of what JSON must escape', async t => {
  const { url } = await build(t)
  const client = await openWebSocket(t, `${url}/ws`)
  t.match(await ask(client, { type: 'publish', channel: 'a', data: '\0'.repeat(64 * 1024) }), { type: 'published' })
})

t.test('unsubscribing while Redis is away reports the gap first', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { REDIS_TIMEOUT_MS: 300 } })
  const client = await openWebSocket(t, `${url}/ws`)
  for (const channel of ['a', 'b']) await ask(client, { type: 'subscribe', channel })
  await redis.stop()
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'the loss is noticed')
  client.send({ type: 'unsubscribe', channel: 'a', ref: 1 })
  client.send({ type: 'subscribe', channel: 'a', ref: 2 })
  const [gap, unsubscribed] = [await next(client), await next(client)]
  t.match(gap, { channel: 'a', event: 'gap' })
  t.match(JSON.parse(gap.data), { channel: 'a', reason: 'redis_connection_lost' })
  t.same(unsubscribed, { type: 'unsubscribed', ref: 1, channel: 'a' })

  await startRedis(t, { port: redis.port })
  const later = [await next(client), await next(client)]
  t.same(
    later.find(({ type }) => type),
    { type: 'subscribed', ref: 2, channel: 'a' },
  )
  t.match(
    later.find(({ type }) => !type),
    { channel: 'b', event: 'gap' },
    'the gap of the other channel, and none for the new subscription',
  )
})

t.test('a second subscribe with a start position is refused, and the first one continues', async t => {
  const { url } = await build(t, { config: { HISTORY: 'kept=10' } })
  for (const body of ['1', '2']) await fetch(`${url}/channels/kept`, { method: 'POST', body })
  const client = await openWebSocket(t, `${url}/ws`)
  const { id } = await ask(client, { type: 'subscribe', channel: 'kept', ref: 1 })
  for (const place of [{ since: 'all' }, { after: 'forged' }, { last: 2 }]) {
    const answer = await ask(client, { type: 'subscribe', channel: 'kept', ref: 2, ...place })
    t.match(answer, { type: 'error', ref: 2, problem: { type: 'urn:carillon:problem:invalid-request', status: 400 } })
    t.match(answer.problem.detail, `"${Object.keys(place)[0]}"`)
    t.match(answer.problem.detail, '"kept"')
  }
  t.same(await ask(client, { type: 'subscribe', channel: 'kept', ref: 3 }), {
    type: 'subscribed',
    ref: 3,
    channel: 'kept',
    id,
  })
  await ask(client, { type: 'unsubscribe', channel: 'kept' })
  client.send({ type: 'subscribe', channel: 'kept', last: 1, ref: 4 })
  const frames = [await next(client), await next(client)]
  t.match(
    frames.find(({ type }) => !type),
    { channel: 'kept', data: '2' },
    'after an unsubscribe it is a new subscription',
  )
})

t.test('a subscribe that names a start position is refused while the first one waits for Redis', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { REDIS_TIMEOUT_MS: 300 } })
  const client = await openWebSocket(t, `${url}/ws`)
  await redis.stop()
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'the loss is noticed')
  client.send({ type: 'subscribe', channel: 'a', ref: 1 })
  t.match(await ask(client, { type: 'subscribe', channel: 'a', since: '1h', ref: 2 }), { type: 'error', ref: 2 })
  await startRedis(t, { port: redis.port })
  t.match(await next(client), { type: 'subscribed', ref: 1 })
})
