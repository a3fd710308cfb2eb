import t from 'tap'
import { RedisBroker } from '../../src/brokers/redis/broker.js'
import { silentLogger } from '../../src/telemetry/logger.js'
import { build } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

t.test('a Redis that is away makes a gateway not ready, unless the balancer asks to leave it out', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { REDIS_TIMEOUT_MS: 500 } })
  t.same(await (await fetch(`${url}/readyz?exclude=redis`)).json(), { status: 'ready' })
  await redis.stop()
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'it is not ready')
  const problem = await fetchProblem(t, await fetch(`${url}/readyz`), 'not-ready')
  t.match(problem.detail, /Redis/)
  const answer = await fetch(`${url}/readyz?exclude=redis`)
  t.equal(answer.status, 200)
  t.same(await answer.json(), { status: 'ready', redis: 'away' })
})

t.test('a gateway that has never reached its Redis is not ready, even with exclude=redis', async t => {
  const broker = new RedisBroker({ url: `redis://127.0.0.1:${await freePort()}`, timeout: 500 }, silentLogger)
  const { url } = await build(t, { broker })
  await fetchProblem(t, await fetch(`${url}/readyz?exclude=redis`), 'not-ready')
  await fetchProblem(t, await fetch(`${url}/readyz?exclude=everything`), 'invalid-request')
})
