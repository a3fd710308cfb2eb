import { readFileSync } from 'node:fs'
import t from 'tap'
import { openSse } from '../support/clients.js'
import { type GatewayProcess, startGateway } from '../support/gateway.js'
import { scrape } from '../support/metrics.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const workersOf = ({ process: { pid } }: GatewayProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

t.test('whichever worker is asked, the metrics are those of all', async t => {
  const redis = await startRedis(t)
  const gateway = await startGateway(t, { REDIS_URL: redis.url, WORKERS: '2', DRAIN_DELAY_SECONDS: '2' })
  const serving = async () => {
    const metrics = await scrape(gateway.url).catch(() => undefined) // one may just have been killed
    return metrics?.carillon_broker_up === 1 ? metrics.carillon_workers : 0
  }
  await until(async () => (await serving()) === 2, 'two workers serve')
  const news = `${gateway.url}/channels/news`
  const publish = async () =>
    (await fetch(news, { method: 'POST', body: 'x', headers: { connection: 'close' } })).arrayBuffer()

  const clients = []
  for (let i = 0; i < 4; i++) clients.push(await openSse(t, `${news}/events`, { connection: 'close' }))
  for (let i = 0; i < 6; i++) await publish()
  for (const client of clients) await client.take(6)
  const expected = {
    carillon_workers: 2,
    carillon_draining: 0,
    carillon_broker_up: 1,
    carillon_redis_connections: 4,
    'carillon_streams{transport="sse"}': 4,
    'carillon_streams_opened_total{transport="sse"}': 4,
    'carillon_publishes_total{transport="http",outcome="ok"}': 6,
    'carillon_messages_delivered_total{transport="sse"}': 24,
    carillon_messages_received_total: 12,
    'carillon_http_request_duration_seconds_count{method="POST",route="/channels/:channel",status="2xx"}': 6,
  }
  for (let i = 0; i < 4; i++) t.match(await scrape(gateway.url), expected, `scrape ${i + 1}`)

  const [victim = 0] = workersOf(gateway)
  process.kill(victim, 'SIGKILL')
  await until(async () => (await serving()) === 2 && !workersOf(gateway).includes(victim), 'a new worker', {
    seconds: 30,
  })
  const after = await scrape(gateway.url)
  t.ok(Number(after['carillon_streams{transport="sse"}']) < 4, 'its clients are gone')
  for (const [name, value] of Object.entries(expected))
    if (/_total|_count/.test(name)) t.equal(after[name], value, `what it had counted is not: ${name}`)
  await publish()
  const count = 'carillon_publishes_total{transport="http",outcome="ok"}'
  for (let i = 0; i < 2; i++) t.equal((await scrape(gateway.url))[count], 7)

  const stopped = gateway.stop('SIGTERM')
  await until(async () => (await scrape(gateway.url)).carillon_draining === 1, 'it drains')
  t.equal(await stopped, 0)
})

t.test('a worker that hangs does not hold up a scrape, and counts as it was seen last', async t => {
  const redis = await startRedis(t)
  const gateway = await startGateway(t, { REDIS_URL: redis.url, WORKERS: '2' })
  await until(async () => (await scrape(gateway.url)).carillon_workers === 2, 'two workers serve')
  const [victim = 0] = workersOf(gateway)
  process.kill(victim, 'SIGSTOP')
  t.teardown(() => process.kill(victim, 'SIGCONT'))
  // One connection may go to the one that hangs; it gets no other until it has taken that.
  const scrapes = [1, 2, 3, 4].map(() => scrape(gateway.url))
  for (const one of scrapes) one.catch(() => {})
  t.match(await Promise.any(scrapes), { carillon_workers: 2 })
})
