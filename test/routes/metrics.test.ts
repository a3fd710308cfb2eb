import t from 'tap'
import { openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { killSubscribers } from '../support/redis-broker.js'
import { until } from '../support/until.js'

/** What Prometheus would read: the value of each series of ours. */
async function scrape(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/metrics`)
  const lines = (await response.text()).split('\n').filter(line => line.startsWith('carillon_'))
  return Object.fromEntries(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

t.test('answers in the text format of Prometheus, with the metrics of the process', async t => {
  const { url } = await build(t)
  const response = await fetch(`${url}/metrics`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  t.match(text, /^process_resident_memory_bytes \d+/m)
  t.match(text, /^nodejs_eventloop_lag_seconds /m)
  for (const name of ['carillon_streams', 'carillon_topics', 'carillon_broker_up', 'carillon_draining'])
    t.match(text, new RegExp(`^# TYPE ${name} gauge\n${name} \\d+$`, 'm'))
})

t.test('tells the streams, the topics, the gaps and the closes as they are', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  t.match(await scrape(url), { carillon_streams: 0, carillon_topics: 0, carillon_broker_up: 1, carillon_draining: 0 })

  const sse = await openSse(t, `${url}/channels/news/events`)
  const many = await openSse(t, `${url}/events?channel=news&channel=chat&pattern=c*`)
  const socket = await openWebSocket(t, `${url}/channels/news/ws`)
  t.match(await scrape(url), { carillon_streams: 3, carillon_topics: 3 })

  for (let loss = 1; loss <= 2; loss++) {
    await killSubscribers(redis)
    t.equal((await sse.next()).event, 'gap')
    await many.take(3)
    await socket.next()
    t.match(await scrape(url), {
      'carillon_gaps_total{reason="redis_connection_lost"}': 3 * loss,
      carillon_streams: 3,
      carillon_topics: 3,
    })
  }

  const limited = await openSse(t, `${url}/channels/news/events?limit=1`)
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })
  await limited.untilEnd()
  await (await openSse(t, `${url}/channels/other/events?timeout=0.05`)).untilEnd()
  many.close()
  socket.socket.close()
  await until(async () => (await scrape(url)).carillon_streams === 1, 'the clients are gone')
  t.match(await scrape(url), {
    carillon_topics: 1,
    'carillon_streams_closed_total{reason="limit_reached"}': 1,
    'carillon_streams_closed_total{reason="timeout"}': 1,
    'carillon_streams_closed_total{reason="client_gone"}': 2,
  })

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
  t.ok(before.every(name => /^\w+(?:\{reason="\w+"\})?$/.test(name)))
})
