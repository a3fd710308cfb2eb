import t, { type Test } from 'tap'
import { parseHistoryRules } from '../../../src/brokers/history-rules.js'
import { RedisBroker } from '../../../src/brokers/redis/broker.js'
import { channelTopic } from '../../../src/messages/topic.js'
import { RedisCluster } from '../../support/cluster.js'
import { startBroker } from '../../support/recorder.js'
import { startRedis } from '../../support/redis.js'
import { callsOf } from '../../support/redis-broker.js'
import { startOnUnavailableRedis } from '../../support/unavailable-redis.js'
import { until } from '../../support/until.js'

const REPLICA = 'the Redis at this address is a replica: messages published there do not reach everybody'

const without = (...commands: string[]) => commands.flatMap(command => ['--rename-command', command, ''])

/** A broker with a history that has to serve, and what it logs meanwhile. */
async function startServing(t: Test, url: string) {
  const warnings: string[] = []
  const note = (_details: object, words: string) => warnings.push(words)
  const log = { debug() {}, info() {}, warn: note, error: note }
  const history = parseHistoryRules('kept:*')
  return { warnings, ...(await startBroker(t, new RedisBroker({ url, timeout: 2000, history }, log))) }
}

/** A plain message, one with an event type, one that is kept and one with a key are published and heard. */
async function expectService(t: Test, { broker, recorder }: Awaited<ReturnType<typeof startServing>>) {
  for (const channel of ['news', 'kept:news']) await broker.subscribe(channelTopic(channel))
  const data = Buffer.from('x')
  for (let round = 0; round < 3; round++) {
    const results = await broker.publish([
      { channel: 'news', data },
      { channel: 'news', data, event: 'price' },
      { channel: 'kept:news', data },
      { channel: 'kept:news', data, idempotency: { key: `k${round}`, fingerprint: 'f' } },
    ])
    t.match(results, Array(4).fill({ receivers: 1 }))
    t.equal((await recorder.messages.take(4)).length, 4)
  }
  const page = await broker.history?.read('kept:news', { limit: 10, maxBytes: 1e6 })
  t.equal(page?.entries.length, 6)
  broker.unsubscribe(channelTopic('news'))
  await broker.subscribe(channelTopic('other'))
}

for (const [commands, warnings] of [
  [['ROLE'], []],
  [['INFO'], []],
  [['ROLE', 'INFO'], []],
  [['HELLO'], []],
  [['ROLE', 'HELLO'], []],
  [['INFO', 'HELLO'], [/cannot tell its version/]],
  [
    ['ROLE', 'INFO', 'HELLO'],
    [/cannot tell a master from a replica/, /cannot tell its version/],
  ],
  [['CLIENT'], []],
  [['PING'], []],
  [['SCRIPT'], []],
  [['EVALSHA'], []],
  [['CLIENT', 'SCRIPT', 'EVALSHA', 'PING', 'ROLE', 'INFO', 'QUIT', 'CONFIG', 'WAIT'], []],
] as const)
  t.test(`serves with a Redis that lacks ${commands.join(', ')}`, async t => {
    const redis = await startRedis(t, { args: without(...commands) })
    const serving = await startServing(t, redis.url)
    await expectService(t, serving)
    t.equal(serving.warnings.length, warnings.length, 'each is said once for all connections')
    for (const rule of warnings)
      t.ok(
        serving.warnings.some(words => rule.test(words)),
        `${rule}`,
      )
  })

for (const rules of [
  ['-role'],
  ['-info'],
  ['-role', '-info'],
  ['-script'],
  ['-evalsha'],
  ['-client'],
  ['-time', '+time'],
])
  t.test(`serves with a user that has ${rules.join(' ')}`, async t => {
    const redis = await startRedis(t)
    await redis.cli('ACL', 'SETUSER', 'gateway', 'on', '>secret', 'allkeys', 'allchannels', '+@all', ...rules)
    const serving = await startServing(t, redis.url.replace('//', '//gateway:secret@'))
    await expectService(t, serving)
    t.same(serving.warnings, [])
  })

for (const commands of [['ROLE'], ['ROLE', 'HELLO']])
  t.test(`knows a replica without ${commands.join(' and ')}, also one that was a master before`, async t => {
    const master = await startRedis(t)
    const redis = await startRedis(t, {
      args: ['--replicaof', '127.0.0.1', `${master.port}`, ...without(...commands)],
    })
    const { broker, expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, {
      url: redis.url,
      timeout: 600,
    })
    await expectUnavailable(REPLICA)
    await redis.cli('REPLICAOF', 'NO', 'ONE')
    await expectRecovery()
    await redis.cli('REPLICAOF', '127.0.0.1', `${master.port}`)
    await until(() => broker.unavailable === REPLICA, 'it is noticed')
  })

t.test('does not ask again on a connection what Redis refuses to tell', async t => {
  const redis = await startRedis(t)
  const user = ['gateway', 'on', '>secret', 'allkeys', 'allchannels', '+@all', '-role', '-info', '-hello']
  await redis.cli('ACL', 'SETUSER', ...user)
  await redis.cli('ACL', 'LOG', 'RESET')
  const { broker } = await startServing(t, redis.url.replace('//', '//gateway:secret@'))
  const before = await callsOf(redis, 'ping')
  await until(async () => (await callsOf(redis, 'ping')) >= before + 20, 'it was probed')
  t.equal(broker.unavailable, undefined)
  const counts = (await redis.cli('ACL', 'LOG')).match(/(?<=^count\n)\d+/gm)?.map(Number) ?? []
  // Each connection asks once at its start, and the publishing one asks INFO again for the history.
  const questions = 3 + broker.connections.reconnects
  t.ok(Math.max(0, ...counts) <= questions, `at most ${questions} of each command: ${counts}`)
})

t.test('says that a Cluster refuses CLUSTER SLOTS, until it does not', async t => {
  const cluster = await RedisCluster.start(t)
  const user = ['gateway', 'on', '>secret', 'allkeys', 'allchannels', '+@all']
  for (const { cli } of cluster.nodes) await cli('ACL', 'SETUSER', ...user, '-cluster|slots')
  const { expectRecovery, broker } = await startOnUnavailableRedis(t, {
    url: cluster.url().replace('//', '//gateway:secret@'),
  })
  await until(() => /CLUSTER SLOTS/.test(broker.unavailable ?? ''), 'it says so')
  for (const { cli } of cluster.nodes) await cli('ACL', 'SETUSER', 'gateway', '+cluster|slots')
  await expectRecovery()
})
