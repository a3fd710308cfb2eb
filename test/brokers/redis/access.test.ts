import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { untilReady } from '../../support/gateway.js'
import { startOldRedis } from '../../support/old-redis.js'
import { freePort } from '../../support/ports.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { startOnUnavailableRedis } from '../../support/unavailable-redis.js'
import { until } from '../../support/until.js'

const WRONG_PASSWORD = 'Redis refuses the user name or the password'
const NO_PASSWORD = 'Redis asks for a password, and REDIS_URL has none or one too many'

const withUser = ({ url }: { url: string }, user: string) => url.replace('//', `//${user}@`)

/** How often somebody has connected, without the connections of those who ask. */
function attempts({ cli }: RedisServer, ...args: string[]): () => Promise<number> {
  let asked = 0
  return async () => {
    const stats = await cli(...args, 'INFO', 'stats')
    return Number(/total_connections_received:(\d+)/.exec(stats)?.[1]) - ++asked
  }
}

/** What docs/deploy.md says a gateway's user needs on a single server. */
const MINIMAL = [
  ...['resetkeys', 'resetchannels', '&*', '-@all'],
  ...['hello', 'auth', 'ping', 'info', 'role', 'quit', 'select', 'client|setname'].map(c => `+${c}`),
  ...['publish', 'subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'pubsub', 'eval'].map(c => `+${c}`),
]

const setUser = async (t: Test, { cli }: RedisServer, ...rules: string[]) =>
  t.equal(await cli('ACL', 'SETUSER', 'gateway', 'reset', 'on', '>secret', ...rules), 'OK', 'the rules are taken')

t.test('works with a password', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'p@ss/word'] })
  const { expectRecovery } = await startOnUnavailableRedis(t, { url: withUser(redis, ':p%40ss%2Fword') })
  await expectRecovery()
})

for (const [who, rules] of Object.entries({
  'has the least rights': MINIMAL,
  'may not ask INFO or ROLE': [...MINIMAL, '-info', '-role'],
  'may not give its connection a name': [...MINIMAL, '-client'],
}))
  t.test(`works with an ACL user that ${who}`, async t => {
    const redis = await startRedis(t)
    await setUser(t, redis, ...rules)
    const { broker, warnings, expectRecovery } = await startOnUnavailableRedis(t, {
      url: withUser(redis, 'gateway:secret'),
    })
    await expectRecovery()
    await broker.subscribe({ kind: 'pattern', name: 'n*' })
    t.same(await broker.publish([{ channel: 'news', data: Buffer.from('x'), event: 'price' }]), [{ receivers: 2 }])
    t.same(await broker.channels('*'), ['news'])
    t.same(await broker.listenerCounts(['news']), { counts: [0], unanswered: 0 })
    broker.unsubscribe({ kind: 'channel', name: 'news' })
    broker.unsubscribe({ kind: 'pattern', name: 'n*' })
    await broker.subscribe({ kind: 'channel', name: 'other' })
    t.same(await broker.channels('*'), ['other'])
    t.same(warnings, [])
    if (rules === MINIMAL) t.equal(await redis.cli('ACL', 'LOG'), '', 'it tried nothing that it may not')
  })

t.test('works with a user that may not PING: a refusal is an answer too', async t => {
  const redis = await startRedis(t)
  await setUser(t, redis, ...MINIMAL, '-ping')
  const { broker, warnings, expectRecovery } = await startOnUnavailableRedis(t, {
    url: withUser(redis, 'gateway:secret'),
    timeout: 300,
  })
  await expectRecovery()
  const refused = async () =>
    Number(
      /\nping\n/.test(`\n${await redis.cli('ACL', 'LOG')}\n`) &&
        /^count\n(\d+)/m.exec(await redis.cli('ACL', 'LOG'))?.[1],
    )
  await until(async () => broker.unavailable !== undefined || (await refused()) >= 10, 'it was probed')
  t.equal(broker.unavailable, undefined)
  t.same(warnings, [])
})

t.test('says that the password is wrong, until the user is given that password', async t => {
  const redis = await startRedis(t)
  await redis.cli('ACL', 'SETUSER', 'gateway', 'on', '>other', '+@all', '~*', '&*')
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, {
    url: withUser(redis, 'gateway:secret'),
  })
  await expectUnavailable(WRONG_PASSWORD, { attempts: attempts(redis) })
  await redis.cli('ACL', 'SETUSER', 'gateway', '>secret')
  await expectRecovery()
})

t.test('says that the user does not exist, until it does', async t => {
  const redis = await startRedis(t)
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, {
    url: withUser(redis, 'gateway:secret'),
  })
  await expectUnavailable(WRONG_PASSWORD, { attempts: attempts(redis) })
  await setUser(t, redis, ...MINIMAL)
  await expectRecovery()
})

t.test('says that a password is missing, until Redis wants none', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'secret'] })
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url: redis.url })
  await expectUnavailable(NO_PASSWORD, { attempts: attempts(redis, '--no-auth-warning', '-a', 'secret') })
  await redis.cli('--no-auth-warning', '-a', 'secret', 'CONFIG', 'SET', 'requirepass', '')
  await expectRecovery()
})

t.test('works with a password that Redis does not ask for', async t => {
  const redis = await startRedis(t)
  const { expectRecovery } = await startOnUnavailableRedis(t, { url: withUser(redis, ':secret') })
  await expectRecovery()
})

t.test('says that the user lacks a right without which nothing works, until it has it', async t => {
  const redis = await startRedis(t)
  await setUser(t, redis, ...MINIMAL, '-publish', '-subscribe')
  const { url, broker, publish } = await startOnUnavailableRedis(t, { url: withUser(redis, 'gateway:secret') })
  await until(() => broker.unavailable === undefined, 'it can serve')
  t.equal((await publish()).status, 403, 'it is the channel that is refused')
  t.equal((await fetch(`${url}/channels/news/events`)).status, 403)
  await setUser(t, redis, ...MINIMAL)
  t.equal((await publish()).status, 200)
  t.equal((await fetch(`${url}/channels/news/events?timeout=0.1`)).status, 200)
})

t.test('comes over a Unix socket, and says that there is none', async t => {
  const home = await mkdtemp(join(tmpdir(), 'carillon-socket-'))
  t.teardown(() => rm(home, { recursive: true, force: true }))
  const socket = join(home, 'redis.sock')
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, {
    url: `unix://:secret@${socket}?db=1`,
  })
  await expectUnavailable('the Unix socket of Redis does not exist or may not be opened')
  const args = ['--unixsocket', socket, '--requirepass', 'secret', '--databases', '2']
  await startRedis(t, { args })
  await expectRecovery()
})

t.test('says that nothing listens, until Redis is started', async t => {
  const port = await freePort()
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url: `redis://127.0.0.1:${port}` })
  await expectUnavailable('nothing listens at the address of Redis')
  await startRedis(t, { port })
  await expectRecovery()
})

for (const version of ['5.0.14', '6.0.20'])
  t.test(`reports that Redis ${version} is too old, until a newer one replaces it`, async t => {
    const { port, stop } = await startOldRedis(t, version)
    const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url: `redis://127.0.0.1:${port}` })
    await expectUnavailable(`Redis ${version} is too old: the gateway needs 6.2 or later`)
    await stop()
    await startRedis(t, { port })
    await expectRecovery()
  })

t.test('says that it leads to a replica, until that becomes a master', async t => {
  const master = await startRedis(t)
  const redis = await startRedis(t, { args: ['--replicaof', '127.0.0.1', `${master.port}`] })
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url: redis.url })
  await expectUnavailable('the Redis at this address is a replica: messages published there do not reach everybody', {
    attempts: attempts(redis),
  })
  await redis.cli('REPLICAOF', 'NO', 'ONE')
  await expectRecovery()
})

t.test('finds out again who it speaks to, when Redis was too busy to say', async t => {
  const { port } = await startOldRedis(t, '7.0.15', { busy: 4 })
  const { url, warnings } = await startOnUnavailableRedis(t, { url: `redis://127.0.0.1:${port}` })
  await untilReady(url)
  t.same(new Set(warnings.map(({ words }) => words)), new Set(['Redis is busy with a script']))
})
