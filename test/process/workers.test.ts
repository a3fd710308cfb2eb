import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { ConfigError, defaultConfig } from '../../src/config/config.js'
import { workerCount } from '../../src/process/worker-count.js'
import { packageFile } from '../../src/support/package.js'
import { openSse } from '../support/clients.js'
import { type GatewayProcess, startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const workersOf = ({ process: { pid } }: GatewayProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

t.test('the embedded broker serves one process', async t => {
  t.equal(workerCount({ ...defaultConfig, WORKERS: '1' }), 1)
  t.equal(workerCount({ ...defaultConfig, WORKERS: '3', REDIS_URL: 'redis://localhost' }), 3)
  t.throws(() => workerCount({ ...defaultConfig, WORKERS: '2' }), ConfigError)
  const run = promisify(execFile)(process.execPath, [packageFile('dist/cli.cjs')], {
    env: { PATH: process.env.PATH, PORT: '0', WORKERS: '2' },
  })
  await t.rejects(run, { code: 1, stderr: /the embedded broker serves one: set REDIS_URL/ })
})

t.test('workers that cannot listen end the program', async t => {
  const redis = await startRedis(t)
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise(resolve => other.once('listening', resolve))
  const { port } = other.address() as { port: number } // it listens on TCP
  const run = promisify(execFile)(process.execPath, [packageFile('dist/cli.cjs')], {
    env: { PATH: process.env.PATH, PORT: `${port}`, WORKERS: '2', REDIS_URL: redis.url },
  })
  await t.rejects(run, { code: 1, stderr: /^Carillon cannot listen: .*EADDRINUSE/ })
})

t.test('several workers are one gateway', async t => {
  const redis = await startRedis(t)
  const environment = { REDIS_URL: redis.url, WORKERS: '2', DRAIN_DELAY_SECONDS: '0' }
  const gateway = await startGateway(t, environment)
  const news = `${gateway.url}/channels/news`
  const counts = async () => (await (await fetch(`${news}/subscribers`)).json()) as { subscribers: number }

  // The second worker may begin to listen long after the first.
  const clients: Awaited<ReturnType<typeof openSse>>[] = []
  await until(async () => {
    clients.push(await openSse(t, `${news}/events`, { connection: 'close' }))
    return (await counts()).subscribers === 2
  }, 'each worker has clients')
  t.match(await counts(), { subscribers: 2, listeners: clients.length }, 'the count is of all')
  await fetch(news, { method: 'POST', body: 'hello' })
  for (const client of clients) t.equal((await client.next()).data, 'hello')

  const [victim = 0, survivor] = workersOf(gateway)
  process.kill(victim, 'SIGKILL')
  await until(() => {
    const now = workersOf(gateway)
    return now.length === 2 && !now.includes(victim)
  }, 'a new worker')
  t.ok(workersOf(gateway).includes(survivor ?? 0), 'a crashed worker is replaced, and the other lives on')
  const late = await openSse(t, `${news}/events`)

  t.equal(await gateway.stop('SIGTERM'), 0, `a signal ends them all, in order: ${gateway.output()}`)
  await late.untilEnd()
  t.match(late.text(), /retry: \d+\n$/, 'with a goodbye')
  t.notOk(
    clients.some(client => !client.ended),
    'to every client',
  )
})
