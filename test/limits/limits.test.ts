import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import type { CarillonOptions } from '../../src/app.js'
import { MemoryBroker } from '../../src/brokers/memory/broker.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { createGateway } from '../../src/gateway.js'
import { problemUri } from '../../src/protocol/problem-types.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem, sameProblem } from '../support/problems.js'
import { exchange, openSocket, readToEnd, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { bearer, secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'

const publish = (url: string, channel = 'news', headers: Record<string, string> = {}) =>
  fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'hello', headers })

const batch = (url: string, size: number) =>
  fetch(`${url}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: Array.from({ length: size }, () => ({ channel: 'news', data: 'hello' })) }),
  })

t.test('a publisher over its rate gets 429 with the remaining quota and the time to retry', async t => {
  const { url } = await build(t, { config: { PUBLISH_RATE: '3/h' } })
  const first = await publish(url)
  t.equal(first.headers.get('ratelimit-policy'), '"publish";q=3;w=3600')
  t.equal(first.headers.get('ratelimit'), '"publish";r=2;t=1200')
  await publish(url)
  await publish(url)
  const refused = await publish(url)
  t.equal(refused.headers.get('retry-after'), '1200')
  t.equal(refused.headers.get('ratelimit'), '"publish";r=0;t=3600')
  await fetchProblem(t, refused, 'rate-limited')
  t.equal((await fetch(`${url}/channels`)).status, 200, 'only publishing is limited')
})

t.test('without a rate no answer speaks of one', async t => {
  const { url } = await build(t)
  const { headers } = await publish(url)
  t.notOk(headers.has('ratelimit') || headers.has('ratelimit-policy'))
})

t.test('messages of a batch and frames of a WebSocket count as what they are: publishes', async t => {
  const { url } = await build(t, { config: { PUBLISH_RATE: '10/h' } })
  const listener = await openSse(t, `${url}/channels/news/events`)
  const bare = await openWebSocket(t, `${url}/channels/other/ws`)
  const multiplexed = await openWebSocket(t, `${url}/ws`)

  t.equal((await batch(url, 8)).headers.get('ratelimit'), '"publish";r=2;t=2880')
  await fetchProblem(t, await batch(url, 3), 'rate-limited')
  multiplexed.send({ type: 'publish', channel: 'news', data: 'nine', ref: 1 })
  t.match(JSON.parse((await multiplexed.next()).data), { type: 'published', ref: 1 })
  bare.socket.send('ten')
  t.equal((await bare.next()).data, 'ten')

  bare.socket.send('eleven')
  const { data } = JSON.parse((await bare.next()).data)
  t.match(JSON.parse(data), { channel: 'other', type: problemUri('rate-limited'), status: 429 })
  multiplexed.send({ type: 'publish', channel: 'news', data: 'eleven', ref: 2 })
  t.match(JSON.parse((await multiplexed.next()).data), {
    type: 'error',
    ref: 2,
    problem: { type: problemUri('rate-limited') },
  })
  await fetchProblem(t, await publish(url), 'rate-limited')
  t.same(
    listener.all.map(item => item.data).filter(data => data === 'eleven'),
    [],
    'nothing of it was published',
  )
  multiplexed.send({ type: 'ping', ref: 3 })
  t.match(JSON.parse((await multiplexed.next()).data), { type: 'pong', ref: 3 }, 'the connection goes on')
})

t.test('gateways on one Redis hold a caller to one rate', async t => {
  const redis = await startRedis(t)
  const options = { redisUrl: redis.url, config: { PUBLISH_RATE: '10/h' } }
  const urls = [await build(t, options), await build(t, options)].map(({ url }) => url)
  const statuses: number[] = []
  for (let i = 0; i < 30; i++) {
    const response = await publish(urls[i % 2] ?? '')
    await response.arrayBuffer()
    statuses.push(response.status)
    if (i === 0) await until(async () => (await redis.cli('DBSIZE')) === '1', 'the charge is in Redis')
  }
  const passed = statuses.filter(status => status === 200).length
  t.ok(passed >= 10 && passed <= 12, `${passed} passed of a rate of 10: one more for each gateway at most`)
  t.same([...new Set(statuses.slice(20))], [429])
  t.match(await redis.cli('KEYS', '*'), /^carillon:rate:[\w-]{22}$/)
  const ttl = Number(await redis.cli('PTTL', (await redis.cli('KEYS', '*')).trim()))
  t.ok(ttl > 0 && ttl <= 2 * 3_600_000, 'what is kept expires')
})

const full = async (t: Test, config: Partial<Config>) => {
  const built = await build(t, { config })
  const first = await openSse(t, `${built.url}/channels/kept/events`)
  return { ...built, first }
}

for (const [what, config] of Object.entries({
  'of one caller': { MAX_STREAMS_PER_CALLER: 1 },
  'in all': { MAX_STREAMS: 1 },
}))
  t.test(`a stream over the number ${what} is opened only to say when to come back`, async t => {
    const { url, port, first } = await full(t, config)
    const sse = await openSse(t, `${url}/channels/news/events`)
    t.equal(sse.response.status, 200)
    await sse.untilEnd()
    t.match(sse.text(), /^retry: \d+\n(:\n)*event: error\ndata: \{.*too-many-streams.*\}\n\nretry: \d+\n$/)

    const many = await openSse(t, `${url}/events?channel=a&channel=b&pattern=c*`)
    await many.untilEnd()
    t.match(many.text(), 'too-many-streams')

    const ndjson = await openNdjson(t, `${url}/channels/news/events`)
    t.equal(ndjson.response.status, 200)
    await ndjson.untilEnd()
    t.match(ndjson.all, [{ channel: 'news', event: 'error' }])

    for (const path of ['/channels/news/ws', '/channels/news/ws?format=envelope', '/ws']) {
      const webSocket = await openWebSocket(t, url + path)
      t.same(await webSocket.closed, { code: 1013, reason: 'too_many_streams' }, path)
    }
    const raw = await openSocket(t, port)
    const all = readToEnd(raw)
    raw.write(requestText('GET', '/channels/news/events', { version: '1.0' }))
    t.match(await all, 'too-many-streams')

    const channels = (await (await fetch(`${url}/channels`)).json()) as { channels: unknown }
    t.same(channels.channels, [{ channel: 'kept' }], 'nothing was subscribed')
    t.equal((await publish(url)).status, 200, 'publishing goes on')
    first.close()
    await until(async () => {
      const again = await openSse(t, `${url}/channels/news/events?timeout=0.01`)
      await again.untilEnd()
      return !again.text().includes('too-many-streams')
    }, 'there is room again')
  })

const overloaded = async (t: Test, options: CarillonOptions = {}) => {
  const gateway = createGateway(defaultConfig, new MemoryBroker())
  const built = await build(t, { ...options, gateway })
  let isOverloaded = false
  gateway.limits.isOverloaded = () => isOverloaded
  return { ...built, set: (value: boolean) => (isOverloaded = value) }
}

t.test('an overloaded gateway refuses publishes and new streams, and keeps those that are open', async t => {
  const { url, set } = await overloaded(t)
  const open = await openSse(t, `${url}/channels/news/events`)
  const bare = await openWebSocket(t, `${url}/channels/news/ws`)
  const multiplexed = await openWebSocket(t, `${url}/ws`)
  set(true)

  for (const refused of [await publish(url), await batch(url, 2)]) {
    t.equal(refused.headers.get('retry-after'), '2')
    await fetchProblem(t, refused, 'overloaded')
  }
  bare.socket.send('x')
  t.match(JSON.parse(JSON.parse((await bare.next()).data).data), { type: problemUri('overloaded') })
  multiplexed.send({ type: 'publish', channel: 'news', data: 'x' })
  t.match(JSON.parse((await multiplexed.next()).data), { type: 'error', problem: { type: problemUri('overloaded') } })
  const sse = await openSse(t, `${url}/channels/news/events`)
  t.equal(sse.response.status, 200)
  await sse.untilEnd()
  t.match(sse.text(), /overloaded.*\n\nretry: \d+\n$/)
  t.same(await (await openWebSocket(t, `${url}/ws`)).closed, { code: 1013, reason: 'overloaded' })
  for (const path of ['/healthz', '/readyz', '/metrics', '/channels'])
    t.equal((await fetch(url + path)).status, 200, path)

  set(false)
  await publish(url)
  t.equal((await open.next()).data, 'hello')
})

t.test('the load is measured', async t => {
  const gateway = createGateway({ ...defaultConfig, MAX_MEMORY_MB: 1 }, new MemoryBroker())
  const { url } = await build(t, { gateway })
  await until(() => gateway.limits.isOverloaded(), 'no Node fits into one MiB')
  await fetchProblem(t, await publish(url), 'overloaded')
})

/** Without rules nothing that a proxy passes on is served. */
const OPEN = { ALLOW_ANYONE_WITHOUT_ACCESS_RULES: true }

t.test('X-Forwarded-For counts only from a proxy that is trusted', async t => {
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const strict = await build(t, { config: { PUBLISH_RATE: '1/h', ...OPEN } })
  t.equal((await publish(strict.url, 'a', from('192.0.2.1'))).status, 200)
  t.equal((await publish(strict.url, 'a', from('192.0.2.2'))).status, 429, 'anybody could write anything')

  for (const TRUST_PROXY of ['1', 'loopback', '127.0.0.0/8,::1']) {
    const { url } = await build(t, { config: { PUBLISH_RATE: '1/h', TRUST_PROXY, ...OPEN } })
    t.equal((await publish(url, 'a', from('192.0.2.1'))).status, 200)
    t.equal((await publish(url, 'a', from('192.0.2.2'))).status, 200)
    t.equal((await publish(url, 'a', from('192.0.2.2'))).status, 429)
    t.equal(
      (await publish(url, 'a', from('203.0.113.9, 192.0.2.1'))).status,
      429,
      'what the client itself wrote is not believed',
    )
    for (const spelling of ['192.0.2.1:4711', '::ffff:192.0.2.1', '::ffff:c000:201', '[::ffff:192.0.2.1]:4711'])
      t.equal((await publish(url, 'a', from(spelling))).status, 429, spelling)
  }
})

const ticketed = { JWT_SECRET: secret, TRUST_PROXY: '1', ALLOWED_ORIGINS: '*' }
const from = (address: string) => ({ 'x-forwarded-for': address })

t.test('tickets of a backend are counted by address, and a ticket of a token by its owner', async t => {
  const { key, entry } = createApiKey('backend', { subscribe: ['*'], publish: ['*'] })
  const config = { ...ticketed, API_KEYS: JSON.stringify([entry]), MAX_STREAMS_PER_CALLER: 1 }
  const { url } = await build(t, { config })
  const ticket = async (credentials: string) => {
    const headers = { ...bearer(credentials), 'content-type': 'application/json' }
    const answer = await fetch(`${url}/tickets`, { method: 'POST', headers, body: '{"channels":["news"]}' })
    return ((await answer.json()) as { urls: { events: string } }).urls.events
  }
  /** Whether it stays open; then it does until the end of the test. */
  const stays = async (path: string, headers: Record<string, string>) => {
    const stream = await openSse(t, url + path, headers)
    await publish(url, 'news', bearer(key))
    await until(async () => /hello|too-many-streams/.test(stream.text()), 'it has a message, or its end')
    return stream.text().includes('hello')
  }
  t.ok(await stays(await ticket(key), from('192.0.2.1')))
  t.ok(await stays(await ticket(key), from('192.0.2.2')), 'another browser of the same backend')
  t.notOk(await stays(await ticket(key), from('192.0.2.2')), 'the same browser once more')
  t.ok(await stays('/channels/news/events', { ...bearer(key), ...from('192.0.2.2') }), 'the backend itself')
  const token = await sign({ claims: { carillon: { subscribe: ['news'] } } })
  t.ok(await stays(await ticket(token), from('192.0.2.3')))
  t.notOk(await stays('/channels/news/events', { ...bearer(token), ...from('192.0.2.4') }), 'with its token once more')
})

const askForTicket = (url: string, headers: Record<string, string>) =>
  fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"channels":["news"]}',
  })

t.test('tickets have a rate of their own: by address, by subject, and another one for keys', async t => {
  const { key, entry } = createApiKey('backend', { subscribe: ['*'] })
  const config = {
    ...ticketed,
    API_KEYS: JSON.stringify([entry]),
    TICKET_RATE: '2/h',
    KEY_TICKET_RATE: '3/h',
    ANONYMOUS_GRANTS: '{"subscribe":["news"],"publish":["news"]}',
  }
  const { url } = await build(t, { config })
  const overRate = async (headers: Record<string, string>, setting: string) => {
    const refused = await askForTicket(url, headers)
    t.match(refused.headers.get('retry-after'), /^\d+$/)
    t.match(((await refused.clone().json()) as { detail: string }).detail, setting)
    await fetchProblem(t, refused, 'rate-limited')
  }
  const first = await askForTicket(url, from('192.0.2.1'))
  t.equal(first.headers.get('ratelimit-policy'), '"tickets";q=2;w=3600')
  t.equal(first.headers.get('ratelimit'), '"tickets";r=1;t=1800')
  t.equal((await askForTicket(url, from('192.0.2.1'))).status, 201)
  await overRate(from('192.0.2.1'), 'TICKET_RATE lets one caller have 2/h tickets.')
  t.equal((await askForTicket(url, from('192.0.2.2'))).status, 201, 'another address')
  t.equal((await publish(url, 'news', from('192.0.2.1'))).status, 200, 'publishes do not count')

  const token = (jti: string) => sign({ claims: { jti, carillon: { subscribe: ['news'] } } })
  for (const jti of ['1', '2'])
    t.equal((await askForTicket(url, { ...bearer(await token(jti)), ...from(`198.51.100.${jti}`) })).status, 201)
  await overRate({ ...bearer(await token('3')), ...from('198.51.100.3') }, 'TICKET_RATE')

  for (let i = 0; i < 3; i++) t.equal((await askForTicket(url, bearer(key))).status, 201)
  await overRate(bearer(key), 'KEY_TICKET_RATE')

  const metrics = await (
    await fetch(`${url}/metrics`, { headers: bearer(await sign({ claims: { carillon: { inspect: ['*'] } } })) })
  ).text()
  t.match(metrics, 'carillon_tickets_total{outcome="issued"} 8')
  t.match(metrics, 'carillon_tickets_total{outcome="rate-limited"} 3')
})

t.test('a flood of tickets is refused by default, over all gateways', async t => {
  const redis = await startRedis(t)
  const config = { ANONYMOUS_GRANTS: '{"subscribe":["*"]}' }
  const urls = [
    (await build(t, { redisUrl: redis.url, config })).url,
    (await build(t, { redisUrl: redis.url, config })).url,
  ]
  const patterns = Array.from({ length: 60 }, (_, i) => `${i}:`.padEnd(120, 'x'))
  const statuses: number[] = []
  for (let round = 0; round < 20; round++)
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const answer = await fetch(`${urls[i % 2]}/tickets`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ patterns }),
        })
        statuses.push(answer.status)
        await answer.arrayBuffer()
      }),
    )
  t.same([...new Set(statuses)].sort(), [201, 429])
  const kept = (await redis.cli('KEYS', 'carillon:vault:*')).split('\n').length
  t.ok(kept < 250, `${kept} tickets are kept`)
})

t.test('a long poll is a stream for those limits; reading without waiting is not', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { MAX_STREAMS_PER_CALLER: 1, HISTORY: 'news' } })
  const stream = await openSse(t, `${url}/channels/kept/events`)
  const refused = await fetch(`${url}/channels/news/messages?wait=30`)
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  await fetchProblem(t, refused, 'too-many-streams')
  t.equal((await fetch(`${url}/channels/news/messages`)).status, 200)
  stream.close()
  await until(
    async () => (await fetch(`${url}/channels/news/messages?wait=0.01`)).status === 200,
    'there is room again',
  )
})

t.test('the head of a request has its limits', async t => {
  const { port } = await build(t, { config: { MAX_HEADER_BYTES: 4096, MAX_SUBSCRIPTIONS: 5 } })
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, '']))
  const ask = (path: string, headers: Record<string, string> = {}) =>
    exchange(t, port, requestText('GET', path, { headers }))
  t.equal((await ask('/healthz', many(98))).status, 200)
  sameProblem(t, await ask('/healthz', many(99)), 'headers-too-large', 'too many fields')
  sameProblem(t, await ask('/healthz', { x: 'x'.repeat(4096) }), 'headers-too-large', 'too many bytes')
  sameProblem(t, await ask(`/healthz?${'x'.repeat(4096)}`), 'headers-too-large', 'too long a query')
  sameProblem(t, await ask('/healthz', { HOST: 'other' }), 'invalid-request', 'two Hosts')
  sameProblem(t, await ask(`/events?${'channel=a&'.repeat(25)}`), 'invalid-request', 'too many parameters')
})

t.test('limits that are none end the start', async t => {
  for (const setting of ['PUBLISH_RATE', 'TICKET_RATE', 'KEY_TICKET_RATE'])
    await t.rejects(build(t, { config: { [setting]: '0/s' } }), { name: 'ConfigError', message: setting })
})
