import { Redis } from 'ioredis'
import t from 'tap'
import { RedisRateLimitStore } from '../../../src/brokers/redis/rate-limit-store.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { startRedis } from '../../support/redis.js'
import { until } from '../../support/until.js'

t.test('charges of several gateways add up in Redis, and expire', async t => {
  const server = await startRedis(t)
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  const [one, other] = [0, 1].map(() => new RedisRateLimitStore(() => redis, silentLogger))
  t.equal(await one?.charge('a', 300), 300)
  const owed = (await other?.charge('a', 300)) ?? 0
  t.ok(owed > 300 && owed <= 600, `${owed} ms`)
  t.equal(await one?.charge('b', 0.25), 0.25)
  const keys = await redis.keys('*')
  t.ok(
    keys.every(key => key.startsWith('carillon:rate:')),
    `${keys}`,
  )
  for (const key of keys) t.ok((await redis.pttl(key)) <= 600, 'it expires')
  await until(async () => (await redis.dbsize()) === 0, 'Redis has dropped what is paid off')
})

t.test('a Redis that has lost the script gets it again, and a refusal is reported once', async t => {
  const server = await startRedis(t)
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  const warnings: string[] = []
  const rateLimitStore = new RedisRateLimitStore(() => redis, {
    ...silentLogger,
    warn: (_, message) => warnings.push(message),
  })
  await rateLimitStore.charge('a', 1000)
  await server.cli('SCRIPT', 'FLUSH')
  const owed = await rateLimitStore.charge('a', 1000)
  t.ok(owed > 1000 && owed <= 2000)
  t.same(warnings, [])
  await server.cli('CONFIG', 'SET', 'maxmemory', '1')
  for (let i = 0; i < 3; i++) await t.rejects(rateLimitStore.charge('a', 1), /OOM|memory/i)
  t.equal(warnings.length, 1)
})

t.test('without a connection it rejects at once', async t => {
  await t.rejects(new RedisRateLimitStore(() => undefined, silentLogger).charge('a', 1))
})
