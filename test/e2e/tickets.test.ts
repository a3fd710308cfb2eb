import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import type { Config } from '../../src/config/config.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'
import { bearer, secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'

const JSON_TYPE = { 'content-type': 'application/json' }

interface Ticket {
  ticket: string
  seconds: number
  urls: { events?: string; ws: string }
}

async function start(t: Test, { gateways = 1, ...config }: Partial<Config> & { gateways?: number } = {}) {
  const redis = await startRedis(t)
  const settings = { JWT_SECRET: secret, ...config }
  const urls: string[] = []
  for (let i = 0; i < gateways; i++) urls.push((await build(t, { redisUrl: redis.url, config: settings })).url)
  const ask = (body: object, headers: Record<string, string>, url = urls[0]) =>
    fetch(`${url}/tickets`, { method: 'POST', headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify(body) })
  const get = async (body: object, headers: Record<string, string>) => {
    const answer = await ask(body, headers)
    t.equal(answer.status, 201)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    return (await answer.json()) as Ticket
  }
  return { redis, url: urls[0] ?? '', urls, ask, get }
}

const subscriber = async (claims: object = {}) =>
  bearer(await sign({ claims: { carillon: { subscribe: ['news', 'chat:*', 'sport'], publish: ['news'] }, ...claims } }))

t.test('a ticket of one gateway opens one stream at any gateway', async t => {
  const { urls, get } = await start(t, { gateways: 2 })
  const [one = '', other = ''] = urls
  const { urls: tickets, seconds } = await get({ channels: ['news'] }, await subscriber())
  t.equal(seconds, 30)
  t.match(tickets, { events: /^\/channels\/news\/events\?ticket=/, ws: /^\/channels\/news\/ws\?ticket=/ })
  const stream = await openSse(t, other + tickets.events)
  t.equal(stream.response.status, 200)
  await fetch(`${one}/channels/news`, { method: 'POST', body: 'hello', headers: await subscriber() })
  t.equal((await stream.next()).data, 'hello')
  for (const url of urls) await fetchProblem(t, await fetch(url + tickets.events), 'invalid-credentials')
  await t.rejects(openWebSocket(t, one + tickets.ws), /401/)
})

t.test('of many who come with one ticket at once, at several gateways, one gets in', async t => {
  const { urls, get } = await start(t, { gateways: 3 })
  const { urls: tickets } = await get({ channels: ['news'] }, await subscriber())
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => fetch(urls[i % 3] + (tickets.events ?? ''), { signal: controller.signal })),
  )
  t.same(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 99 }, () => 401)])
})

t.test('a ticket for several channels and patterns opens those, and no others', async t => {
  const { url, get } = await start(t)
  const { urls } = await get({ channels: ['news', 'sport'], patterns: ['chat:[ab]*'] }, await subscriber())
  t.match(urls.events, '/events?channel=news&channel=sport&pattern=chat%3A%5Bab%5D*&ticket=')
  t.equal((await openSse(t, url + urls.events)).response.status, 200)

  const wide = async () => (await get({ channels: ['news'], patterns: ['chat:[ab]*'] }, await subscriber())).ticket
  for (const query of ['channel=sport', 'channel=news&channel=sport', 'pattern=chat:*', 'pattern=*'])
    await fetchProblem(t, await fetch(`${url}/events?${query}&ticket=${await wide()}`), 'forbidden', query)
  for (const path of ['/channels', '/metrics', '/channels/news/subscribers'])
    t.not((await fetch(`${url}${path}?ticket=${await wide()}`)).status, 200, path)
})

t.test('a ticket for the WebSocket grants what it was asked for, frame by frame', async t => {
  const { url, get, ask } = await start(t)
  const { urls } = await get({ channels: ['news'], rights: ['subscribe', 'publish'] }, await subscriber())
  const client = await openWebSocket(t, url + urls.ws)
  client.socket.send('hello')
  t.equal((await client.next()).data, 'hello')

  const { ticket } = await get({ channels: ['news', 'sport'] }, await subscriber())
  const many = await openWebSocket(t, `${url}/ws?ticket=${ticket}`)
  const say = async (request: object) => {
    many.send(request)
    return JSON.parse((await many.next()).data)
  }
  t.match(await say({ type: 'subscribe', channel: 'news' }), { type: 'subscribed' })
  t.match(await say({ type: 'subscribe', channel: 'chat:1' }), { problem: { status: 403 } })
  t.match(await say({ type: 'publish', channel: 'news', data: 'x' }), { problem: { status: 403 } })

  const both = { rights: ['subscribe', 'publish'] }
  await fetchProblem(
    t,
    await ask({ channels: ['sport'], ...both }, await subscriber()),
    'forbidden',
    'more than its maker has',
  )
})

t.test('a ticket needs the rights of its caller, and at least one topic', async t => {
  const { ask, url } = await start(t)
  const headers = await subscriber()
  await fetchProblem(t, await ask({ channels: ['news'] }, {}), 'unauthenticated')
  for (const body of [
    { channels: ['other'] },
    { channels: ['news', 'other'] },
    { patterns: ['*'] },
    { patterns: ['chat*'] },
  ])
    await fetchProblem(t, await ask(body, headers), 'forbidden', JSON.stringify(body))
  for (const body of [
    {},
    { channels: [] },
    { channels: ['news'], seconds: 61 },
    { channels: ['news'], seconds: 0 },
    { channels: ['news'], rights: ['admin'] },
    { channels: ['news'], rights: [] },
    { channels: 'news' },
    { channel: 'news' },
    [],
  ])
    await fetchProblem(t, await ask(body, headers), 'invalid-request', JSON.stringify(body))
  await fetchProblem(t, await ask({ channels: ['a b'] }, headers), 'invalid-channel')
  await fetchProblem(t, await ask({ channels: ['carillon:x'] }, headers), 'reserved-channel')
  await fetchProblem(t, await ask({ patterns: ['['] }, headers), 'invalid-pattern')
  const odd = await fetch(`${url}/tickets`, {
    method: 'POST',
    body: '{}',
    headers: { ...headers, 'content-type': 'text/plain' },
  })
  await fetchProblem(t, odd, 'unsupported-media-type')
})

t.test('a ticket is refused when its URL could not be sent, or when there is too much to keep', async t => {
  const { url, ask } = await start(t, { MAX_HEADER_BYTES: 8192 })
  const headers = bearer(await sign({ claims: { carillon: { subscribe: ['*'], publish: ['*'] } } }))
  const names = (count: number, length: number) => Array.from({ length: count }, (_, i) => `${i}:`.padEnd(length, '?x'))
  const refused = async (body: object, detail: RegExp) => {
    const answer = await ask(body, headers)
    t.match(((await answer.clone().json()) as { detail: string }).detail, detail)
    await fetchProblem(t, answer, 'invalid-request')
  }
  await refused({ patterns: names(40, 100) }, /would have \d{4} bytes; with MAX_HEADER_BYTES=8192 it may have 4096/)
  await refused({ patterns: names(80, 128), rights: ['publish'] }, /have 10240 bytes together.*at most 8192/)

  for (let count = 1; ; count++) {
    const answer = await ask({ patterns: names(count, 100) }, headers)
    if (answer.status === 400) {
      t.ok(count > 10)
      return
    }
    const { urls } = (await answer.json()) as Ticket
    const stream = await openSse(t, url + urls.events, { cookie: 'x'.repeat(2000) })
    t.equal(stream.response.status, 200, `${count} patterns`)
    stream.close()
  }
})

t.test('URLs and cookies have the path prefix that a trusted proxy reports', async t => {
  const prefixed = (prefix: string) => ({ 'x-forwarded-prefix': prefix, 'x-forwarded-for': '192.0.2.1' })
  const trusting = await start(t, { TRUST_PROXY: 'loopback' })
  const ask = async (headers: Record<string, string>) =>
    trusting.get({ channels: ['news'] }, { ...(await subscriber()), ...headers })
  for (const prefix of ['/notify', '/notify/', '/a/b.c/d~e-f_g']) {
    const path = prefix.replace(/\/$/, '')
    const { urls, ticket } = await ask(prefixed(prefix))
    t.same(urls, {
      events: `${path}/channels/news/events?ticket=${ticket}`,
      ws: `${path}/channels/news/ws?ticket=${ticket}`,
    })
    const stream = await openSse(t, trusting.url + urls.events?.slice(path.length), prefixed(prefix))
    t.match(stream.response.headers.get('set-cookie'), `; Path=${path}/channels/news/events;`)
    const root = await fetch(trusting.url, { headers: prefixed(prefix) })
    t.match(await root.json(), { openapi: `${path}/openapi.json` })
  }
  for (const prefix of ['', '/', '//evil.example', 'notify', '/a//b', '/..', '/a/./b', '/a b', '/a?b', '/a, /b', '/;x'])
    t.match((await ask(prefixed(prefix))).urls.ws, /^\/channels\//, prefix)

  const strict = await start(t)
  const headers = { ...(await subscriber()), ...prefixed('/notify') }
  t.match((await strict.get({ channels: ['news'] }, headers)).urls.ws, /^\/channels\//, 'anybody can write a header')
})

t.test('a ticket that waits too long is worth nothing, and Redis has forgotten it', async t => {
  const { url, redis, get } = await start(t)
  const { urls } = await get({ channels: ['news'], seconds: 1 }, await subscriber())
  t.match(await redis.cli('KEYS', 'carillon:vault:*'), /^carillon:vault:ticket:\S+$/)
  t.ok(Number(await redis.cli('PTTL', await redis.cli('KEYS', 'carillon:vault:*'))) <= 1000)
  await until(async () => (await redis.cli('KEYS', 'carillon:vault:*')) === '', 'it is forgotten')
  await fetchProblem(t, await fetch(url + urls.events), 'invalid-credentials')
})

t.test('a stream by ticket ends with its maker, and its pass does', async t => {
  const { url, get } = await start(t, { JWT_CLOCK_TOLERANCE_SECONDS: 0 })
  const headers = await subscriber({ exp: Math.floor(Date.now() / 1000) + 3 })
  const { urls } = await get({ channels: ['news'] }, headers)
  const stream = await openSse(t, url + urls.events)
  const cookie = (stream.response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const again = await openSse(t, url + urls.events, { cookie })
  t.equal(again.response.status, 200)
  await Promise.all([stream.untilEnd(), again.untilEnd()])
  await fetchProblem(t, await fetch(url + urls.events, { headers: { cookie } }), 'invalid-credentials')
})

t.test('a key that is gone ends the streams of its tickets, at every gateway, and its passes', async t => {
  const { key, entry } = createApiKey('backend', { subscribe: ['news'] })
  const redis = await startRedis(t)
  const one = await build(t, { redisUrl: redis.url, config: { API_KEYS: JSON.stringify([entry]) } })
  const ticket = async () => {
    const answer = await fetch(`${one.url}/tickets`, {
      method: 'POST',
      headers: { ...bearer(key), ...JSON_TYPE },
      body: '{"channels":["news"]}',
    })
    return ((await answer.json()) as Ticket).urls.events
  }
  const used = await ticket()
  const stream = await openSse(t, one.url + used)
  const cookie = (stream.response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  t.equal((await openSse(t, one.url + used, { cookie })).response.status, 200)
  // A gateway that was started with other rules does not know the key: neither its tickets nor its passes are of use there.
  const other = await build(t, { redisUrl: redis.url, config: { API_KEYS: '[]' } })
  await fetchProblem(t, await fetch(other.url + (await ticket())), 'invalid-credentials')
  await fetchProblem(t, await fetch(other.url + used, { headers: { cookie } }), 'invalid-credentials')
})

t.test('the cookie of a ticketed stream is for its path alone, out of reach of scripts and of other sites', async t => {
  const { url, get } = await start(t)
  const { urls } = await get({ channels: ['news'] }, await subscriber())
  const open = await openSse(t, url + urls.events, { 'x-forwarded-proto': 'https' })
  t.match(
    open.response.headers.get('set-cookie'),
    /^carillon-[\w-]{8}=[\w-]{32}; Path=\/channels\/news\/events; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
  )
  const plain = await openSse(t, url + (await get({ channels: ['news'] }, await subscriber())).urls.events)
  t.notMatch(plain.response.headers.get('set-cookie'), 'Secure')
})

t.test('during an outage of Redis an EventSource with a ticket is told to reconnect; others get 503', async t => {
  const { url, redis, get, ask } = await start(t)
  const { urls } = await get({ channels: ['news'] }, await subscriber())
  await redis.stop()
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'the gateway knows')
  const stream = await fetch(url + urls.events, { headers: { accept: 'text/event-stream' } })
  t.equal(stream.status, 200)
  t.match(stream.headers.get('content-type'), 'text/event-stream')
  t.match(await stream.text(), /^retry: \d+\n$/)
  await fetchProblem(t, await fetch(url + urls.events), 'broker-unavailable')
  await fetchProblem(t, await ask({ channels: ['news'] }, await subscriber()), 'broker-unavailable')
})

t.test('the embedded broker has tickets too', async t => {
  const { url } = await build(t, { config: { JWT_SECRET: secret } })
  const answer = await fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { ...(await subscriber()), ...JSON_TYPE },
    body: '{"channels":["news"]}',
  })
  const { urls } = (await answer.json()) as Ticket
  t.equal((await openSse(t, url + urls.events)).response.status, 200)
  await fetchProblem(t, await fetch(url + urls.events), 'invalid-credentials')
})
