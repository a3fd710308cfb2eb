import { Cluster, Redis } from 'ioredis'
import t from 'tap'
import { targetOf } from '../../src/brokers/redis/connection/from-ioredis.js'
import { ConfigError } from '../../src/config/config.js'
import { carillon, openGateway, Problem } from '../../src/index.js'
import { openSse } from '../support/clients.js'
import { untilReady } from '../support/gateway.js'
import { hostApp, listening } from '../support/host-app.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

t.test('works on the Redis of a client of the app, by connections of its own', async t => {
  const server = await startRedis(t, { args: ['--requirepass', 'secret'] })
  // Everything about it that must not come over.
  const redis = new Redis({ port: server.port, password: 'secret', keyPrefix: 'mine:', maxRetriesPerRequest: null })
  redis.on('error', () => {}) // it will be away for a while
  t.teardown(() => redis.disconnect())
  const app = hostApp(t)
  await app.register(carillon, { prefix: '/live', redis })
  const { url } = await listening(app)
  await untilReady(`${url}/live`)
  const names = ((await redis.client('LIST')) as string).match(/(?<= name=)carillon:\w+/g)
  t.same(names?.sort(), ['carillon:publisher', 'carillon:subscriber'])

  const sse = await openSse(t, `${url}/live/channels/news/events`)
  await redis.publish('news', 'from the client')
  t.match(await sse.next(), { data: 'from the client' })
  await fetch(`${url}/live/channels/news`, { method: 'POST', body: 'over HTTP' })
  t.match(await sse.next(), { data: 'over HTTP' })

  // What the client would queue and send later, the gateway refuses now.
  await server.stop()
  await until(async () => (await fetch(`${url}/live/readyz`)).status === 503, 'the gateway has noticed')
  await fetchProblem(
    t,
    await fetch(`${url}/live/channels/news`, { method: 'POST', body: 'lost' }),
    'broker-unavailable',
  )
  const again = await startRedis(t, { port: server.port, args: ['--requirepass', 'secret'] })
  await untilReady(`${url}/live`)
  t.match(await sse.next(), { event: 'gap' })
  await app.close()
  t.equal(await redis.ping(), 'PONG', 'the client is left as it is')
  t.ok(again.port)
})

t.test('options will do in place of a client, and a URL among the settings too', async t => {
  const { port, url: redisUrl } = await startRedis(t)
  for (const options of [{ redis: { port } }, { config: { REDIS_URL: redisUrl } }]) {
    const app = hostApp(t)
    const gateway = await openGateway(options)
    await app.register(carillon, { prefix: '/live', gateway })
    app.post('/orders', async () => gateway.publish('orders', Buffer.from('order 1'), { event: 'placed' }))
    const { url } = await listening(app)
    await untilReady(`${url}/live`)
    const sse = await openSse(t, `${url}/live/channels/orders/events`)
    t.same(await (await fetch(`${url}/orders`, { method: 'POST' })).json(), { receivers: 1 })
    t.match(await sse.next(), { event: 'placed', data: 'order 1' })
    await t.rejects(gateway.publish('no spaces', ''), {
      name: 'Problem',
      message: /^Channel name "no spaces" contains/,
    })
    await t.rejects(gateway.publish('news', 'x'.repeat(65_537)), {
      name: 'Problem',
      message: /^The body has 65537 bytes/,
    })
    await gateway.drain()
    t.equal((await fetch(`${url}/live/readyz`)).status, 503)
    await sse.untilEnd()
    await app.close()
  }
})

t.test('counts what the app publishes itself as one caller', async t => {
  const gateway = await openGateway({ config: { PUBLISH_RATE: '2/1h' } })
  t.teardown(() => gateway.close())
  for (const channel of ['orders', 'news']) t.same(await gateway.publish(channel, 'x'), { receivers: 0 })
  await t.rejects(gateway.publish('orders', 'x'), new Problem('rate-limited'))
  t.match(gateway.counters.published.get('http'), new Map([['ok', 2], ['rate-limited', 1]])) // biome-ignore format: one line
})

t.test('takes address and credentials of a client, and nothing of its behaviour', async t => {
  const options = {
    host: 'redis.example',
    port: 7000,
    username: 'app',
    password: 'secret',
    db: 2,
    tls: { ca: 'pem' },
    retryStrategy: () => 1,
    enableOfflineQueue: true,
    keyPrefix: 'mine:',
    commandTimeout: 1,
    lazyConnect: true,
  }
  const redis = new Redis(options)
  t.teardown(() => redis.disconnect())
  const { host, port, username, password, db, tls } = options
  for (const given of [redis, options]) {
    const found = targetOf(given)
    t.match(found, { kind: 'standalone', fenced: false, target: { host, port, username, password, db, tls } })
    for (const name of ['retryStrategy', 'enableOfflineQueue', 'keyPrefix', 'commandTimeout'])
      t.notOk(name in (found as { target: object }).target, name)
  }
  const sentinels = [{ host: 'a', port: 26_379 }]
  t.match(targetOf({ sentinels, name: 'main', sentinelPassword: 's' }), {
    kind: 'standalone',
    fenced: true,
    target: { sentinels, name: 'main', sentinelPassword: 's' },
  })
  t.throws(() => targetOf({ sentinels, name: 'main', role: 'slave' }), ConfigError)
  t.throws(() => targetOf({ natMap: {} }), ConfigError)
})

t.test('takes seeds and credentials of a Cluster client', async t => {
  const nodes = ['redis://a:7001', { host: 'b', port: 7002 }, 7003, { host: 'c' }]
  const cluster = new Cluster(nodes, {
    lazyConnect: true,
    redisOptions: { username: 'app', password: 'secret', tls: { ca: 'pem' } },
  })
  t.teardown(() => cluster.disconnect())
  t.match(targetOf(cluster), {
    kind: 'cluster',
    seeds: [
      { host: 'a', port: 7001 },
      { host: 'b', port: 7002 },
      { host: '127.0.0.1', port: 7003 },
      { host: 'c', port: 6379 },
    ],
    target: { username: 'app', password: 'secret' },
    tls: { ca: 'pem' },
  })
  const translating = new Cluster([7001], { lazyConnect: true, natMap: {} })
  t.teardown(() => translating.disconnect())
  t.throws(() => targetOf(translating), ConfigError)
  await t.rejects(openGateway({ redis: { port: 1 }, config: { REDIS_SHARDED: true } }), ConfigError)
})
