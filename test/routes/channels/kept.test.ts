import { Redis } from 'ioredis'
import t from 'tap'
import { openNdjson, openWebSocket } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { fetchProblem } from '../../support/problems.js'
import { startRedis } from '../../support/redis.js'

const config = { HISTORY: 'kept:*=3' }
const ID = /^[A-Za-z0-9_-]{10,16}$/

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain', ...headers } })

const json = async (response: Promise<Response>) => (await response).json() as Promise<Record<string, unknown>>

t.test('a publish is answered with the id of the message, where there is a history', async t => {
  const { url } = await build(t, { config })
  const listener = await openNdjson(t, `${url}/channels/kept:1/events`)
  const { id } = await json(post(`${url}/channels/kept:1`, 'a'))
  t.match(id, ID)
  t.same(await listener.next(), { channel: 'kept:1', id, data: 'a' })
  t.same(await json(post(`${url}/channels/news`, 'a')), { channel: 'news', receivers: 0 })
})

t.test('a batch and the multiplexed WebSocket answer with ids too, and take keys', async t => {
  const { url } = await build(t, { config })
  const messages = [
    { channel: 'kept:1', data: 'a', idempotency_key: 'k1' },
    { channel: 'news', data: 'b' },
    { channel: 'kept:1', data: 'c', idempotency_key: '' },
    { channel: 'kept:1', data: 'd', idempotency_key: 'k1' },
  ]
  const batch = await json(post(`${url}/publish`, JSON.stringify({ messages }), { 'content-type': 'application/json' }))
  t.match(batch, {
    results: [
      { channel: 'kept:1', receivers: 0, id: ID },
      { channel: 'news', receivers: 0, id: undefined },
      { type: 'urn:carillon:problem:invalid-idempotency-key' },
      { type: 'urn:carillon:problem:idempotency-key-in-flight' },
    ],
  })
  const [first] = batch.results as { id: string }[]
  const socket = await openWebSocket(t, `${url}/ws`)
  const publish = { type: 'publish', channel: 'kept:1', data: 'a', idempotency_key: 'k1' }
  socket.send({ ...publish, ref: 1 })
  t.same(JSON.parse((await socket.next()).data), {
    ...{ type: 'published', ref: 1, channel: 'kept:1', receivers: 0, id: first?.id, replayed: true },
  })
  socket.send({ ...publish, data: 'other', ref: 2 })
  t.match(JSON.parse((await socket.next()).data), { type: 'error', ref: 2, problem: { status: 422 } })
  socket.send({ ...publish, idempotency_key: 'é', ref: 3 })
  t.match(JSON.parse((await socket.next()).data), { type: 'error', ref: 3, problem: { status: 400 } })
})

t.test('a publish with a key is executed once, with the quotes of the draft or without', async t => {
  const { url } = await build(t, { config })
  for (const channel of ['kept:1', 'news']) {
    const listener = await openNdjson(t, `${url}/channels/${channel}/events`)
    const first = await json(post(`${url}/channels/${channel}?event=price`, 'a', { 'idempotency-key': '"k 1"' }))
    const send = (key: string, body = 'a') =>
      post(`${url}/channels/${channel}?event=price`, body, { 'idempotency-key': key })
    t.same(await json(send('"k 1"')), { ...first, replayed: true })
    await json(send('k2'))
    t.match(await json(send('"k2"')), { replayed: true })
    await fetchProblem(t, await send('k2', 'b'), 'idempotency-key-reused')
    await fetchProblem(
      t,
      await post(`${url}/channels/${channel}`, 'a', { 'idempotency-key': 'k2' }),
      'idempotency-key-reused',
    )
    for (const malformed of ['""', 'a b', '"a', 'x'.repeat(256)])
      await fetchProblem(t, await send(malformed), 'invalid-idempotency-key', malformed.slice(0, 10))
    await post(`${url}/channels/${channel}`, 'end')
    t.same(
      (await listener.take(3)).map(({ data }) => data),
      ['a', 'a', 'end'],
    )
  }
})

t.test('a batch with a key is executed once, message by message', async t => {
  const { url } = await build(t, { config })
  const listener = await openNdjson(t, `${url}/events?channel=kept:1&channel=news`)
  const send = (messages: unknown[], key = '"batch"') =>
    json(
      post(`${url}/publish`, JSON.stringify({ messages }), {
        'content-type': 'application/json',
        'idempotency-key': key,
      }),
    )
  const messages = [
    { channel: 'kept:1', data: 'a' },
    { channel: 'kept:1', data: 'a' },
    { channel: 'news', data: 'b' },
  ]
  const first = (await send(messages)) as { results: Record<string, unknown>[] }
  const again = { results: first.results.map(result => ({ ...result, replayed: true })) }
  t.same(await send(messages), again)
  t.match(await send([{ channel: 'kept:1', data: 'x' }]), { results: [{ status: 422 }] })
  t.same(await send(messages), again)
  await fetchProblem(
    t,
    await post(`${url}/publish`, '{}', { 'content-type': 'application/json', 'idempotency-key': 'a, b' }),
    'invalid-idempotency-key',
  )
  await send([{ channel: 'news', data: 'end' }], 'other')
  t.same(
    (await listener.take(4)).map(({ data }) => data),
    ['a', 'a', 'b', 'end'],
  )
})

t.test('a key in flight at this gateway gets a problem', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { REDIS_TIMEOUT_MS: 5000 } })
  redis.process.kill('SIGSTOP')
  const headers = { 'idempotency-key': 'k' }
  const first = post(`${url}/channels/news`, 'a', headers)
  // The order of two requests on two connections is not known: one of them waits, the other is told.
  const second = post(`${url}/channels/news`, 'a', headers)
  const told = await Promise.race([first, second])
  t.equal(told.headers.get('retry-after'), '1')
  await fetchProblem(t, told, 'idempotency-key-in-flight')
  redis.process.kill('SIGCONT')
  const statuses = (await Promise.all([first, second])).map(({ status }) => status)
  t.same(statuses.sort(), [200, 409])
})

t.test('a channel reports its counts and its history', async t => {
  const redis = await startRedis(t)
  for (const options of [{}, { redisUrl: redis.url }]) {
    const { url } = await build(t, { config, ...options })
    t.same(await json(fetch(`${url}/channels/kept:1`)), { channel: 'kept:1', subscribers: 0, listeners: 0 })
    await openNdjson(t, `${url}/channels/kept:1/events`)
    const ids = []
    for (const text of ['a', 'b', 'c', 'd']) ids.push((await json(post(`${url}/channels/kept:1`, text))).id)
    const channel = await json(fetch(`${url}/channels/kept:1`))
    const time = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
    t.match(channel, {
      ...{ channel: 'kept:1', subscribers: 1, listeners: 1 },
      history: {
        ...{ epoch: /^[0-9a-f]{16}$/, length: 3, bytes: Number },
        ...{ oldest: { id: ids[1], time }, newest: { id: ids[3], time } },
      },
    })
    t.equal((await fetch(`${url}/channels/kept:1/history`, { method: 'DELETE' })).status, 204)
    t.same(await json(fetch(`${url}/channels/kept:1`)), { channel: 'kept:1', subscribers: 1, listeners: 1 })
    t.equal((await fetch(`${url}/channels/news/history`, { method: 'DELETE' })).status, 204, 'nothing to delete')
    const { id } = await json(post(`${url}/channels/kept:1`, 'e'))
    t.match((await json(fetch(`${url}/channels/kept:1`))).history, { length: 1, oldest: { id }, newest: { id } })
  }
  await fetchProblem(t, await fetch(`${(await build(t)).url}/channels/carillon:x`), 'reserved-channel')
})

t.test('without Redis nothing is said of a channel, and nothing deleted', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config })
  await redis.stop()
  await fetchProblem(t, await fetch(`${url}/channels/kept:1`), 'broker-unavailable')
  await fetchProblem(t, await fetch(`${url}/channels/kept:1/history`, { method: 'DELETE' }), 'broker-unavailable')
})

t.test('a message that Redis cannot store gets 503 and is not delivered', async t => {
  const redis = await startRedis(t, { args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] })
  const { url } = await build(t, { redisUrl: redis.url, config })
  const native = new Redis(redis.url)
  t.teardown(() => native.disconnect())
  const heard: string[] = []
  native.on('message', (channel, data) => heard.push(`${channel} ${data}`))
  await native.subscribe('kept:1', 'news')
  await fetchProblem(t, await post(`${url}/channels/kept:1`, 'a'), 'write-refused')
  await fetchProblem(t, await post(`${url}/channels/news`, 'a', { 'idempotency-key': 'k' }), 'write-refused')
  t.equal((await post(`${url}/channels/news`, 'b')).status, 200)
  await native.ping()
  t.same(heard, ['news b'])
})
