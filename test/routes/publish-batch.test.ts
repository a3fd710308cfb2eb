import t from 'tap'
import { openNdjson } from '../support/clients.js'
import { build, startGateway } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'

const batch = (url: string, body: unknown, contentType = 'application/json') =>
  fetch(`${url}/publish`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

t.test('each message of a batch has its result or its problem, in order', async t => {
  const { url } = await build(t)
  const listener = await openNdjson(t, `${url}/channels/a/events`)
  const long = 'x'.repeat(64 * 1024 + 1)
  const response = await batch(url, {
    messages: [
      { channel: 'a', data: '1' },
      { channel: 'bad name', data: 'x' },
      { channel: 'a', data: '2', event: 'price' },
      { channel: 'carillon:x', data: 'x' },
      { channel: 'a', data: 'AP8=', encoding: 'base64' },
      { channel: 'a', data: 'AP8', encoding: 'base64' },
      { channel: 'a', data: 'x', encoding: 'hex' },
      { channel: 'a', data: 'x', event: 'gap' },
      { channel: 'b', data: 'nobody' },
      { channel: 'a', data: 1, encoding: 'base64' },
      { channel: 'a' },
      { channel: 'a', data: 'x', more: true },
      { channel: 'a', data: long },
      { channel: '__proto__', data: 'x' },
      null,
      [],
      { channel: 'a', data: '' },
    ],
  })
  t.equal(response.status, 200)
  const { results } = (await response.json()) as { results: Record<string, unknown>[] }
  const problem = (name: string) => ({ type: `urn:carillon:problem:${name}`, status: Number, detail: String })
  t.match(results, [
    { channel: 'a', receivers: 1 },
    problem('invalid-channel'),
    { channel: 'a', receivers: 1 },
    problem('reserved-channel'),
    { channel: 'a', receivers: 1 },
    problem('invalid-request'),
    problem('invalid-request'),
    problem('invalid-event-type'),
    { channel: 'b', receivers: 0 },
    problem('invalid-request'),
    problem('invalid-request'),
    problem('invalid-request'),
    problem('message-too-large'),
    problem('invalid-channel'),
    problem('invalid-request'),
    problem('invalid-request'),
    { channel: 'a', receivers: 1 },
  ])
  t.equal(results.length, 17)
  t.same(await listener.take(4), [
    { channel: 'a', data: '1' },
    { channel: 'a', event: 'price', data: '2' },
    { channel: 'a', data: 'AP8=', encoding: 'base64' },
    { channel: 'a', data: '' },
  ])
})

t.test('a batch keeps its order over Redis, messages with and without event type mixed', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const listener = await openNdjson(t, `${url}/events?channel=a&channel=b`)
  const messages = Array.from({ length: 300 }, (_, i) => ({
    channel: i % 2 ? 'a' : 'b',
    data: `${i}`,
    ...(i % 3 ? {} : { event: `e${i}` }),
  }))
  const { results } = (await (await batch(url, { messages })).json()) as { results: { receivers: number }[] }
  t.same(
    results,
    messages.map(({ channel }) => ({ channel, receivers: 1 })),
  )
  t.same(await listener.take(300), messages)
})

t.test('a batch that is none is refused as a whole', async t => {
  const { url } = await build(t, { config: { MAX_BATCH_MESSAGES: 3, MAX_BATCH_BYTES: 600_000 } })
  const message = { channel: 'a', data: 'x' }
  for (const body of [{}, [], null, 'text', { messages: [] }, { messages: {} }, { messages: [message], more: 1 }])
    await fetchProblem(t, await batch(url, JSON.stringify(body)), 'invalid-request', JSON.stringify(body))
  const tooMany = await fetchProblem(t, await batch(url, { messages: Array(4).fill(message) }), 'invalid-request')
  t.match(tooMany.detail, '3')
  t.equal((await batch(url, { messages: Array(3).fill(message) })).status, 200)
  for (const body of ['', '{', '{"messages":[{"channel":"a","data":"\u0001"}]}', '['.repeat(200_000)])
    await fetchProblem(t, await batch(url, body), 'invalid-json', body.slice(0, 30))
  const deep = `{"messages":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}`
  await fetchProblem(t, await batch(url, deep), 'invalid-json', '200,000 deep')
  await fetchProblem(t, await batch(url, `"${'x'.repeat(600_000)}"`), 'message-too-large')
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json x', 'application/foo+json'])
    await fetchProblem(t, await batch(url, { messages: [message] }, type), 'unsupported-media-type', type)
  await fetchProblem(t, await fetch(`${url}/publish?x=1`, { method: 'POST' }), 'invalid-request', 'a query')
})

t.test('a batch may be larger than a message', async t => {
  const { url } = await build(t)
  const messages = Array(10).fill({ channel: 'a', data: 'x'.repeat(60_000) })
  const response = await batch(url, { messages })
  t.match(await response.json(), { results: Array(10).fill({ channel: 'a', receivers: 0 }) })
})

t.test('data of any JSON type is published as the text that was sent, and a string as its text', async t => {
  const { url } = await startGateway(t) // the bundle loads the parser of these late
  const listener = await openNdjson(t, `${url}/channels/news/events`)
  const values = ['{"b":1, "a":[1.0,  2e3]}', '12345678901234567890', 'true', 'null', '[ ]', '"text"']
  const messages = values.map(value => `{ "channel":"news", "data": 0, "data" : ${value} }`)
  const post = (body: string) =>
    fetch(`${url}/publish`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  t.equal((await post(`{"messages":[${messages.join(',')}]}`)).status, 200)
  t.same(
    (await listener.take(values.length)).map(({ data }) => data),
    [...values.slice(0, -1), 'text'],
  )
  const alone = await post('{"channel":"news","data":{"x": 1},"event":"e"}')
  t.same(await alone.json(), { results: [{ channel: 'news', receivers: 1 }] }, 'a message alone is a batch of one')
  t.match(await listener.next(), { event: 'e', data: '{"x": 1}' })
})
