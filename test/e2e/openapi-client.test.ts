import { randomBytes } from 'node:crypto'
import createClient, { type Client } from 'openapi-fetch'
import t, { type Test } from 'tap'
import type { components, paths } from '../generated/openapi.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

/*
 * A client as any user generates it from openapi.yaml. The compiler proves the half of it: there is
 * no cast in this file, and no `any`.
 */

type Schemas = components['schemas']

async function start(t: Test): Promise<{ client: Client<paths>; url: string }> {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  return { client: createClient<paths>({ baseUrl: url }), url }
}

/** The body as it is: it is not always JSON. */
const asItIs = <Body>(body: Body): Body => body

const news = { path: { channel: 'news' } }

t.test('publishes text, JSON and bytes, and with an event type', async t => {
  const { client, url } = await start(t)
  const sse = await openSse(t, `${url}/channels/news/events`)
  const raw = await openWebSocket(t, `${url}/channels/news/ws`)

  const text = await client.POST('/channels/{channel}', {
    params: news,
    body: 'hello',
    bodySerializer: asItIs,
    headers: { 'content-type': 'text/plain' },
  })
  const published: Schemas['Published'] | undefined = text.data
  t.same(published, { channel: 'news', receivers: 1 })
  t.equal((await sse.next()).data, 'hello')
  t.equal((await raw.next()).data, 'hello')

  const json = await client.POST('/channels/{channel}', {
    params: { ...news, query: { event: 'price' } },
    body: { price: 42 },
  })
  t.equal(json.data?.receivers, 1)
  t.match(await sse.next(), { event: 'price', data: '{"price":42}' })
  t.equal((await raw.next()).data, '{"price":42}')

  const bytes = randomBytes(64)
  const binary = await client.POST('/channels/{channel}', {
    params: news,
    body: bytes,
    bodySerializer: asItIs,
    headers: { 'content-type': 'application/octet-stream' },
  })
  t.equal(binary.data?.channel, 'news')
  t.match(await sse.next(), { event: 'envelope' })
  t.same((await raw.next()).bytes, bytes)
})

t.test('publishes a batch, with a result or a problem for each message', async t => {
  const { client, url } = await start(t)
  const stream = await openNdjson(t, `${url}/events?channel=news&channel=sport`)
  const { data, error } = await client.POST('/publish', {
    body: {
      messages: [
        { channel: 'news', data: 'hello' },
        { channel: 'no such name', data: 'hello' },
        { channel: 'sport', event: 'score', data: 'AAE=', encoding: 'base64' },
      ],
    },
  })
  t.equal(error, undefined)
  const outcomes = data?.results.map(({ type, receivers }) => type ?? receivers)
  t.same(outcomes, [1, 'urn:carillon:problem:invalid-channel', 1])
  t.same(await stream.next(), { channel: 'news', data: 'hello' })
  t.match(await stream.next(), { channel: 'sport', event: 'score' })
})

t.test('lists channels page by page, with their counts, and counts one', async t => {
  const { client, url } = await start(t)
  await openSse(t, `${url}/channels/chat:1/events`)
  await openSse(t, `${url}/channels/chat:1/events`)
  await openSse(t, `${url}/channels/chat:2/events`)

  const first = await client.GET('/channels', { params: { query: { pattern: 'chat:*', counts: true, limit: 1 } } })
  t.same(first.data, { channels: [{ channel: 'chat:1', subscribers: 1, listeners: 2 }], next: 'chat:1' })
  const after = first.data?.next ?? ''
  const second = await client.GET('/channels', { params: { query: { pattern: 'chat:*', after } } })
  t.same(second.data, { channels: [{ channel: 'chat:2' }] })
  t.same(
    (await client.GET('/channels')).data?.channels.map(({ channel }) => channel),
    ['chat:1', 'chat:2'],
  )

  const counts = await client.GET('/channels/{channel}/subscribers', { params: { path: { channel: 'chat:1' } } })
  t.same(counts.data, { channel: 'chat:1', subscribers: 1, listeners: 2 })
})

t.test('asks for health, readiness and the document itself', async t => {
  const { client } = await start(t)
  const live = await client.GET('/healthz')
  const alive: string | undefined = live.data?.status
  t.equal(alive, 'ok')
  const ready = await client.GET('/readyz')
  t.equal(ready.data?.status, 'ready')
  const document = await client.GET('/openapi.json')
  t.match(document.data, { openapi: /^3\.1/ })
})

t.test('an error comes as a problem', async t => {
  const { client } = await start(t)
  const { data, error, response } = await client.POST('/channels/{channel}', {
    params: { path: { channel: 'carillon:inbox' } },
    body: 'hello',
  })
  t.equal(data, undefined)
  const problem: Schemas['Problem'] | undefined = error
  t.equal(problem?.status, response.status)
  t.equal(problem?.type, 'urn:carillon:problem:reserved-channel')
  // A type of a newer gateway is no error to the compiler.
  t.not(problem?.type, 'urn:carillon:problem:no-such-thing' satisfies Schemas['Problem']['type'])

  const plain = await client.GET('/ws')
  t.equal(plain.error?.type, 'urn:carillon:problem:upgrade-required')
})

t.test('the frames of a WebSocket and the envelopes on it are typed', async t => {
  const { url } = await start(t)
  const socket = await openWebSocket(t, `${url}/ws`)
  const say = (frame: Schemas['SessionRequest']) => socket.send(frame)
  const hear = async (): Promise<Schemas['SessionAnswer'] | Schemas['Envelope'] | Schemas['ControlEnvelope']> =>
    JSON.parse((await socket.next()).data)

  say({ type: 'subscribe', ref: 1, channel: 'news' })
  const subscribed = await hear()
  t.same(subscribed, { type: 'subscribed', ref: 1, channel: 'news' })

  say({ type: 'publish', ref: 2, channel: 'news', event: 'price', data: '42' })
  const heard = [await hear(), await hear()]
  const message = heard.find(frame => 'data' in frame)
  t.same(message, { channel: 'news', event: 'price', data: '42' })
  const answer = heard.find(frame => 'type' in frame)
  t.same(answer, { type: 'published', ref: 2, channel: 'news', receivers: 1 })

  say({ type: 'publish', ref: 3, channel: 'no such name', data: '' })
  const failed = await hear()
  const reason = 'problem' in failed ? failed.problem.type : undefined
  t.equal(reason, 'urn:carillon:problem:invalid-channel')
})

t.test('a stream opens through the client, as text to read', async t => {
  const { client } = await start(t)
  const { data, response } = await client.GET('/channels/{channel}/events', {
    params: { ...news, query: { timeout: 0.01 } },
    parseAs: 'text',
  })
  const text: string | undefined = data
  t.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.match(text, /^(?:: .*\n)?retry: \d+\n/, 'behind a remark where Redis keeps it waiting')
})
