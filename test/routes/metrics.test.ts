import t from 'tap'
import { fastPaths } from '../../src/node-internals/fast-path.js'
import { streamWrap } from '../../src/node-internals/stream-wrap.js'
import { openGateway } from '../../src/open-gateway.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { scrape } from '../support/metrics.js'
import { exchange, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { killSubscribers } from '../support/redis-broker.js'
import { until } from '../support/until.js'

t.test('answers in the text format of Prometheus, with the metrics of the process', async t => {
  const { url } = await build(t)
  const response = await fetch(`${url}/metrics`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  t.match(text, /^process_resident_memory_bytes \d+/m)
  t.match(text, /^nodejs_eventloop_lag_seconds /m)
  for (const name of ['carillon_topics', 'carillon_broker_up', 'carillon_draining'])
    t.match(text, new RegExp(`^# TYPE ${name} gauge\n${name} \\d+$`, 'm'))
})

t.test('reports which fast paths are in use', async t => {
  const { url } = await build(t)
  const name = (path: string) => `carillon_fast_path{name="${path}"}`
  const metrics = await scrape(url)
  for (const path of fastPaths()) t.equal(metrics[name(path.name)], 1, path.name)
  t.ok(name('detach') in metrics)
  t.teardown(streamWrap.leave())
  t.match(await scrape(url), { [name('stream-wrap')]: 0, [name('detach')]: 1 })
})

t.test('tells the streams, the topics, the gaps and the closes as they are', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const streams = { sse: 'carillon_streams{transport="sse"}', ws: 'carillon_streams{transport="websocket"}' }
  t.match(await scrape(url), {
    [streams.sse]: 0,
    carillon_topics: 0,
    carillon_broker_up: 1,
    carillon_draining: 0,
    carillon_redis_connections: 2,
    carillon_redis_reconnects_total: 0,
  })

  const sse = await openSse(t, `${url}/channels/news/events`)
  const many = await openSse(t, `${url}/events?channel=news&channel=chat&pattern=c*`)
  const socket = await openWebSocket(t, `${url}/channels/news/ws`)
  t.match(await scrape(url), { [streams.sse]: 2, [streams.ws]: 1, carillon_topics: 3 })

  for (let loss = 1; loss <= 2; loss++) {
    await killSubscribers(redis)
    t.equal((await sse.next()).event, 'gap')
    await many.take(3)
    await socket.next()
    const metrics = await scrape(url)
    t.match(metrics, { [streams.sse]: 2, [streams.ws]: 1, carillon_topics: 3 })
    // At least: a machine that is short of time may lose a connection by itself.
    t.ok(Number(metrics['carillon_gaps_total{reason="redis_connection_lost"}']) >= 3 * loss)
    t.ok(Number(metrics.carillon_redis_reconnects_total) >= loss)
  }

  const limited = await openSse(t, `${url}/channels/news/events?limit=1`)
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })
  await limited.untilEnd()
  await (await openSse(t, `${url}/channels/other/events?timeout=0.05`)).untilEnd()
  many.close()
  socket.socket.close()
  await until(async () => (await scrape(url))[streams.sse] === 1, 'the clients are gone')
  await until(async () => (await scrape(url))[streams.ws] === 0, 'on WebSockets too')
  t.match(await scrape(url), {
    carillon_topics: 1,
    'carillon_streams_closed_total{reason="limit_reached"}': 1,
    'carillon_streams_closed_total{reason="timeout"}': 1,
    'carillon_streams_closed_total{reason="client_gone"}': 2,
    'carillon_streams_opened_total{transport="sse"}': 4,
    'carillon_streams_opened_total{transport="websocket"}': 1,
  })

  await until(async () => Number((await scrape(url)).carillon_redis_round_trip_seconds_count) > 0, 'Redis was probed')
  await redis.stop()
  await until(async () => (await scrape(url)).carillon_broker_up === 0, 'the broker is down')
})

t.test('counts from the start, also before anybody has asked', async t => {
  const { url } = await build(t)
  await (await openSse(t, `${url}/channels/news/events?timeout=0.05`)).untilEnd()
  t.match(await scrape(url), { 'carillon_streams_closed_total{reason="timeout"}': 1 })
})

t.test('has no more series however many channels there are, and names none of them', async t => {
  const { url } = await build(t)
  const use = async (from: number) => {
    for (let i = from; i < from + 20; i++) {
      const stream = await openSse(t, `${url}/channels/room-${i}/events?limit=1`)
      await fetch(`${url}/channels/room-${i}`, { method: 'POST', body: 'x' })
      await stream.untilEnd()
    }
    return Object.keys(await scrape(url))
  }
  const before = await use(0)
  t.same(await use(20), before)
  t.notMatch(before.join(), /room/)
  const labels = new Set(before.flatMap(name => [...name.matchAll(/(\w+)="/g)].map(([, label]) => label)))
  t.same([...labels].sort(), [
    'le',
    'method',
    'name',
    'node',
    'outcome',
    'problem',
    'reason',
    'route',
    'status',
    'transport',
    'version',
  ])
})

t.test('counts each message once for each client that it was written to, and each publish by its outcome', async t => {
  const { url } = await build(t)
  const many = await Promise.all([1, 2, 3].map(() => openSse(t, `${url}/channels/news/events`)))
  const ndjson = await fetch(`${url}/channels/news/events?limit=2`, { headers: { accept: 'application/x-ndjson' } })
  const socket = await openWebSocket(t, `${url}/channels/news/ws`)
  socket.socket.send('one')
  for (const client of many) t.equal((await client.next()).data, 'one')
  await fetch(`${url}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      messages: [
        { channel: 'news', data: 'two' },
        { channel: 'empty', data: '' },
      ],
    }),
  })
  for (const client of many) t.equal((await client.next()).data, 'two')
  t.equal((await ndjson.text()).trim().split('\n').length, 2)
  await socket.next()
  await socket.next()
  const response = await fetch(`${url}/channels/news`, { method: 'POST', body: '{', headers: JSON_TYPE })
  t.equal(response.status, 400)
  t.match(await scrape(url), {
    'carillon_publishes_total{transport="http",outcome="ok"}': 0,
    'carillon_publishes_total{transport="batch",outcome="ok"}': 2,
    'carillon_publishes_total{transport="websocket",outcome="ok"}': 1,
    carillon_published_bytes_total: 6,
    carillon_messages_received_total: 2,
    'carillon_messages_delivered_total{transport="sse"}': 6,
    'carillon_messages_delivered_total{transport="ndjson"}': 2,
    'carillon_messages_delivered_total{transport="websocket"}': 2,
    // A text frame of three bytes has a head of two.
    'carillon_delivered_bytes_total{transport="websocket"}': 10,
    'carillon_http_request_duration_seconds_count{method="POST",route="/publish",status="2xx"}': 1,
    'carillon_http_request_duration_seconds_count{method="POST",route="/channels/:channel",status="4xx"}': 1,
    'carillon_problems_total{problem="invalid-json"}': 1,
    'carillon_problems_total{problem="forbidden"}': 0,
    'carillon_http_request_duration_seconds_bucket{method="POST",route="/publish",status="2xx",le="+Inf"}': 1,
  })
})

t.test('counts publishes that Redis did not take by their problem', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  await redis.stop()
  const publish = async () => (await fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })).status
  await until(async () => (await publish()) === 503, 'Redis is known to be away')
  const before = (await scrape(url))['carillon_publishes_total{transport="http",outcome="broker-unavailable"}'] ?? 0
  t.ok(before >= 1)
  t.equal(await publish(), 503)
  t.match(await scrape(url), {
    'carillon_publishes_total{transport="http",outcome="broker-unavailable"}': before + 1,
    'carillon_http_request_duration_seconds_count{method="POST",route="/channels/:channel",status="5xx"}': Number,
    carillon_redis_connections: 0,
  })
})

t.test('probes and scrapes are not counted as requests, and unknown paths count as one', async t => {
  const { url } = await build(t)
  for (const path of ['/healthz', '/readyz', '/metrics', '/no-such-path', '/another']) await fetch(url + path)
  const routes = Object.entries(await scrape(url)).filter(([name]) =>
    name.startsWith('carillon_http_request_duration_seconds_count'),
  )
  t.same(routes, [['carillon_http_request_duration_seconds_count{method="GET",route="none",status="4xx"}', 2]])
})

t.test('counts drains, and what is no HTTP', async t => {
  const gateway = await openGateway()
  const { url, port } = await build(t, { gateway })
  const invalid = 'carillon_problems_total{problem="invalid-request"}'
  const tooLarge = 'carillon_problems_total{problem="headers-too-large"}'
  t.match(await scrape(url), { carillon_drains_total: 0, [invalid]: 0, [tooLarge]: 0 })
  t.equal((await exchange(t, port, 'this is no HTTP\r\n\r\n')).status, 400)
  const request = requestText('GET', '/healthz', { headers: { cookie: 'x'.repeat(20_000) } })
  t.equal((await exchange(t, port, request)).status, 431)
  t.match(await scrape(url), { [invalid]: 1, [tooLarge]: 1 })
  const stream = await openSse(t, `${url}/channels/news/events`)
  gateway.streams.startDraining()
  gateway.streams.startDraining()
  t.match(await scrape(url), { carillon_draining: 1, carillon_drains_total: 1 })
  await gateway.streams.drain(0)
  await stream.untilEnd()
  t.match(await scrape(url), { carillon_drains_total: 1, 'carillon_streams_closed_total{reason="draining"}': 1 })
})

t.test('messages from the history count as delivered', async t => {
  const { url } = await build(t, { config: { HISTORY: '*' } })
  for (const body of ['one', 'two', 'three']) await fetch(`${url}/channels/kept`, { method: 'POST', body })
  const delivered = (transport: string) => `carillon_messages_delivered_total{transport="${transport}"}`
  const sse = await openSse(t, `${url}/channels/kept/events?since=all`)
  await sse.take(3)
  const many = await openSse(t, `${url}/events?channel=kept&channel=other&last=2`)
  await many.take(2)
  await fetch(`${url}/channels/kept`, { method: 'POST', body: 'four' })
  for (const stream of [sse, many]) await stream.next()
  await until(async () => (await scrape(url))[delivered('sse')] === 7, 'three and two, and one each')
  t.match(await scrape(url), { carillon_messages_received_total: 1 }, 'of which one came live')
})

t.test('a retry of what was published before is counted apart', async t => {
  const { url } = await build(t, { config: { HISTORY: 'news=10' } })
  const publish = () =>
    fetch(`${url}/channels/news`, { method: 'POST', body: 'once', headers: { 'idempotency-key': 'order-00000001' } })
  for (let i = 0; i < 2; i++) t.equal((await publish()).status, 200)
  t.match(await scrape(url), {
    'carillon_publishes_total{transport="http",outcome="ok"}': 1,
    'carillon_publishes_total{transport="http",outcome="replayed"}': 1,
    carillon_published_bytes_total: 4,
  })
})

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('counts each message that the gateway itself refuses, whichever way it came', async t => {
  const grants = { subscribe: ['*'], publish: ['open:*'], inspect: ['*'] }
  const config = { ANONYMOUS_GRANTS: JSON.stringify(grants), MAX_MESSAGE_BYTES: 100, MAX_BATCH_BYTES: 10_000 }
  const { url } = await build(t, { config })
  const post = async (path: string, body: string, headers: Record<string, string> = {}) =>
    (await fetch(`${url}${path}`, { method: 'POST', body, headers })).status
  const large = 'x'.repeat(101)
  t.same(
    [
      await post('/channels/secret', 'x'),
      await post('/channels/open:a', large),
      await post('/channels/open:a', '{', JSON_TYPE),
      await post('/channels/open:a?event=gap', 'x'),
      await post('/channels/no%20name', 'x'),
      await post('/channels/open:a', 'x', { 'idempotency-key': '"' }),
      await post('/channels/open:a', 'x'),
    ],
    [401, 413, 400, 400, 400, 400, 200],
  )
  const messages = ['open:a', 'secret', 'no name', 'open:b'].map(channel => ({ channel, data: 'x' }))
  t.equal(await post('/publish', JSON.stringify({ messages }), JSON_TYPE), 200)
  t.equal(await post('/publish', '{', JSON_TYPE), 400)
  const one = await openWebSocket(t, `${url}/channels/secret/ws`)
  one.socket.send('x')
  await one.next()
  const many = await openWebSocket(t, `${url}/ws`)
  for (const [channel, data] of [
    ['secret', 'x'],
    ['open:a', large],
    ['open:a', 'x'],
  ]) {
    many.send({ type: 'publish', channel, data })
    await many.next()
  }
  const upstash = (path: string, body: unknown) => post(`/upstash${path}`, JSON.stringify(body))
  await upstash('', ['PUBLISH', 'secret', 'x'])
  await upstash('', ['PUBSUB', 'NUMSUB', 'no name'])
  await upstash('/multi-exec', [
    ['PUBLISH', 'open:a', 'x'],
    ['PUBLISH', 'no name', 'x'],
  ])
  const counted = Object.entries(await scrape(url)).flatMap(([series, value]) => {
    const [, transport, outcome] = /^carillon_publishes_total\{transport="(.*)",outcome="(.*)"\}/.exec(series) ?? []
    return transport === undefined || value === 0 ? [] : [`${transport} ${outcome} ${value}`]
  })
  t.same(counted.sort(), [
    'batch invalid-channel 1',
    'batch invalid-json 1',
    'batch ok 2',
    'batch unauthenticated 1',
    'http invalid-channel 1',
    'http invalid-event-type 1',
    'http invalid-idempotency-key 1',
    'http invalid-json 1',
    'http message-too-large 1',
    'http ok 1',
    'http unauthenticated 1',
    'upstash invalid-channel 2',
    'upstash unauthenticated 1',
    'websocket message-too-large 1',
    'websocket ok 1',
    'websocket unauthenticated 2',
  ])
})

t.test('counts all messages of a batch that is over the rate', async t => {
  const { url } = await build(t, { config: { PUBLISH_RATE: '1/h' } })
  const messages = Array(3).fill({ channel: 'a', data: 'x' })
  const batch = () =>
    fetch(`${url}/publish`, { method: 'POST', body: JSON.stringify({ messages }), headers: JSON_TYPE })
  t.equal((await batch()).status, 200)
  t.equal((await batch()).status, 429)
  const socket = await openWebSocket(t, `${url}/channels/a/ws`)
  socket.socket.send('x')
  await socket.next()
  t.match(await scrape(url), {
    'carillon_publishes_total{transport="batch",outcome="ok"}': 3,
    'carillon_publishes_total{transport="batch",outcome="rate-limited"}': 3,
    'carillon_publishes_total{transport="websocket",outcome="rate-limited"}': 1,
  })
})
