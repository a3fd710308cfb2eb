import t, { type Test } from 'tap'
import { RedisBroker } from '../../../src/brokers/redis/broker.js'
import { slotOf } from '../../../src/brokers/redis/cluster/slots.js'
import { historyKey, idempotencyKey, positionKey } from '../../../src/brokers/redis/commands/keys.js'
import { markOf, type Position } from '../../../src/messages/position.js'
import { channelTopic } from '../../../src/messages/topic.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { Inbox } from '../../support/inbox.js'
import { outline, startKeeping } from '../../support/kept.js'
import { settle } from '../../support/recorder.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { callsOf, connectNative } from '../../support/redis-broker.js'

const CHANNEL = 'kept-news'
const POSITION = positionKey(CHANNEL)
const STREAM = historyKey(CHANNEL)

const keeping = (t: Test, { url }: RedisServer, { timeout = 3000, length = 100 } = {}) =>
  startKeeping(t, options => new RedisBroker({ url, timeout, ...options }, silentLogger), { length })

const keyed = (key: string) => ({ idempotency: { key, fingerprint: 'f' } })

t.test('the keys of a channel lie in the slot of the channel', async t => {
  for (const key of [POSITION, STREAM, idempotencyKey(CHANNEL, 'x')]) t.equal(slotOf(key), slotOf(CHANNEL))
})

t.test(
  'a native subscriber gets the very bytes, a native publisher reaches everybody, and is in no history',
  async t => {
    const redis = await startRedis(t)
    const { broker, recorder, publish, read } = await keeping(t, redis)
    const [subscriber, publisher] = [connectNative(t, redis), connectNative(t, redis)]
    const inbox = new Inbox<string>()
    subscriber.on('message', (_channel, data: string) => inbox.put(data))
    await subscriber.subscribe(CHANNEL)
    await broker.subscribe(channelTopic(CHANNEL))
    await publish(CHANNEL, '{"a": 1}\n', { event: 'price' })
    t.equal(await publisher.publish(CHANNEL, 'native'), 2)
    await publish(CHANNEL, 'b')
    t.same(await inbox.take(3), ['{"a": 1}\n', 'native', 'b'])
    t.same(
      (await settle(broker, recorder)).map(({ data, position }) => `${position?.offset} ${data}`),
      ['1 {"a": 1}\n', 'undefined native', '2 b'],
    )
    t.equal(outline(await read(CHANNEL)), '1:{"a": 1}\n 2:b whole')
  },
)

t.test('native and kept messages of the same bytes: each position comes once', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await keeping(t, redis)
  const native = connectNative(t, redis)
  await broker.subscribe(channelTopic(CHANNEL))
  const data = Buffer.from('tick')
  const sent = Array.from({ length: 300 }, () => [
    broker.publish([{ channel: CHANNEL, data }]),
    native.publish(CHANNEL, data),
  ])
  await Promise.all(sent.flat())
  const offsets = (await settle(broker, recorder)).map(({ position }) => position?.offset)
  t.equal(offsets.length, 600)
  t.same(
    offsets.filter(offset => offset !== undefined),
    Array.from({ length: 300 }, (_, i) => i + 1),
  )
})

t.test('every key expires by itself', async t => {
  const redis = await startRedis(t)
  const { publish } = await keeping(t, redis)
  await publish(CHANNEL, 'a', keyed('k1'))
  await publish('unkept', 'b', keyed('k2'))
  const keys = (await redis.cli('KEYS', '*')).split('\n').sort()
  t.same(keys, [STREAM, `carillon:idempotency:{${CHANNEL}}:k1`, 'carillon:idempotency:{unkept}:k2', POSITION].sort())
  for (const key of keys) {
    const ttl = Number(await redis.cli('TTL', key))
    t.ok(ttl > 3590 && ttl <= 3600 + 86_400, `${key} lives for ${ttl} s`)
  }
  t.ok(Number(await redis.cli('TTL', POSITION)) > 86_400)
})

t.test('a server that has lost the scripts gets them again, and executes each publication once', async t => {
  const redis = await startRedis(t)
  const { broker, publish, read } = await keeping(t, redis)
  await publish(CHANNEL, 'a')
  await redis.cli('SCRIPT', 'FLUSH')
  const publications = ['b', 'c', 'd'].map(text => ({ channel: CHANNEL, data: Buffer.from(text) }))
  t.match(await broker.publish(publications), [{ receivers: 0 }, { receivers: 0 }, { receivers: 0 }])
  await redis.cli('SCRIPT', 'FLUSH')
  t.equal(outline(await read(CHANNEL)), '1:a 2:b 3:c 4:d whole')
  t.equal(await callsOf(redis, 'xadd'), 4)
})

t.test('out of memory nothing is kept and nothing is delivered, while channels without history go on', async t => {
  const redis = await startRedis(t, { args: ['--maxmemory-policy', 'noeviction'] })
  const { broker, recorder, publish, read } = await keeping(t, redis)
  for (const channel of [CHANNEL, 'unkept']) await broker.subscribe(channelTopic(channel))
  await publish(CHANNEL, 'a')
  await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
  t.same(await publish(CHANNEL, 'b'), { problem: 'write-refused' })
  t.same(await publish(CHANNEL, 'c', { event: 'price', ...keyed('k') }), { problem: 'write-refused' })
  t.same(await publish('unkept', 'd', keyed('k')), { problem: 'write-refused' })
  t.same(await publish('kept-other', 'e'), { problem: 'write-refused' })
  t.same(await publish('unkept', 'f', { event: 'price' }), { receivers: 1 })
  t.equal(outline(await read(CHANNEL)), '1:a whole')
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  t.match(await publish(CHANNEL, 'b'), { receivers: 1, id: String })
  t.match(await publish('unkept', 'd', keyed('k')), { receivers: 1, replayed: undefined })
  t.same(
    (await settle(broker, recorder)).map(({ data }) => `${data}`),
    ['a', 'f', 'b', 'd'],
  )
  t.equal(outline(await read(CHANNEL)), '1:a 2:b whole')
})

t.test('a server without the replicas that it wants refuses, and nothing is delivered', async t => {
  const redis = await startRedis(t, { args: ['--min-replicas-to-write', '1'] })
  const { broker, recorder, publish, read } = await keeping(t, redis)
  await broker.subscribe(channelTopic(CHANNEL))
  t.same(await publish(CHANNEL, 'a'), { problem: 'write-refused' })
  t.same(await publish('unkept', 'a', keyed('k')), { problem: 'write-refused' })
  await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0')
  t.same(await settle(broker, recorder), [])
  t.equal(outline(await read(CHANNEL)), 'whole')
})

t.test('a publish that an ACL rule forbids is not stored, and offsets continue', async t => {
  const redis = await startRedis(t)
  const { broker, recorder, publish, read } = await keeping(t, redis, { length: 3 })
  await broker.subscribe(channelTopic(CHANNEL))
  for (const text of ['a', 'b', 'c']) await publish(CHANNEL, text)
  const allowed = ['&carillon:*', '&unkept', '&mark-*']
  await redis.cli('ACL', 'SETUSER', 'default', 'resetchannels', ...allowed, '&kept-news')
  t.match(await publish(CHANNEL, 'd'), { id: String })
  await redis.cli('ACL', 'SETUSER', 'default', 'resetchannels', ...allowed)
  const { broker: other, publish: refused } = await keeping(t, redis, { length: 3 })
  t.same(await refused(CHANNEL, 'x', keyed('k')), { problem: 'channel-refused' })
  t.same(await refused('kept-new', 'x'), { problem: 'channel-refused' })
  await redis.cli('ACL', 'SETUSER', 'default', 'allchannels')
  await other.close()
  t.equal(await redis.cli('EXISTS', historyKey('kept-new'), positionKey('kept-new')), '0')
  t.equal(outline(await read(CHANNEL)), '3:c 4:d whole', 'what was trimmed for it is gone')
  const { broker: again, publish: allowedAgain } = await keeping(t, redis, { length: 3 })
  t.match(await allowedAgain(CHANNEL, 'e', keyed('k')), { id: String, replayed: undefined })
  await again.close()
  const page = await read(CHANNEL)
  t.equal(outline(page), '3:c 4:d 5:e whole')
  t.match(
    recorder.messages.all.map(({ data }) => `${data}`),
    ['a', 'b', 'c', 'd'],
  )
})

t.test('detects a history that has lost entries', async t => {
  const redis = await startRedis(t)
  const { publish, read } = await keeping(t, redis)
  const start = async () => {
    await redis.cli('FLUSHALL')
    for (const text of ['a', 'b', 'c']) await publish(CHANNEL, text)
    const { entries } = await read(CHANNEL)
    const marks = entries.map(({ message }) => markOf(message.position as Position))
    return { second: { after: marks[1] }, third: { after: marks[2] } }
  }

  const noStream = await start()
  await redis.cli('DEL', STREAM)
  t.equal(outline(await read(CHANNEL, noStream.second)), 'trimmed')
  t.equal(outline(await read(CHANNEL, noStream.third)), 'whole')
  await publish(CHANNEL, 'd')
  t.equal(outline(await read(CHANNEL, noStream.second)), '4:d trimmed')
  t.equal(outline(await read(CHANNEL, noStream.third)), '4:d whole')

  for (const [what, act] of [
    ['the position', () => redis.cli('DEL', POSITION)],
    ['an entry', async () => redis.cli('XDEL', STREAM, await idOf(redis, '2'))],
    ['the newest entries', async () => redis.cli('XDEL', STREAM, await idOf(redis, '3'))],
    ['the oldest entries', () => redis.cli('XTRIM', STREAM, 'MAXLEN', '1')],
  ] as const) {
    const { third } = await start()
    await act()
    t.equal(outline(await read(CHANNEL, third)), 'reset', `without ${what}`)
    await publish(CHANNEL, 'd')
    // One new epoch in 256 looks like the old one to a mark.
    t.match(outline(await read(CHANNEL, third)), /^(1:d )?reset$/, `without ${what}, after the next message`)
  }
})

t.test('detects a history that was set back, even if it reaches the same offsets again', async t => {
  const redis = await startRedis(t)
  const { publish, read, history } = await keeping(t, redis)
  for (const text of ['a', 'b']) await publish(CHANNEL, text)
  const native = connectNative(t, redis)
  const backup = await Promise.all([POSITION, STREAM].map(key => native.dumpBuffer(key)))
  for (const text of ['c', 'd']) await publish(CHANNEL, text)
  const [lost] = await history.newest([CHANNEL])
  for (const [i, key] of [POSITION, STREAM].entries()) await native.restore(key, 0, backup[i] ?? '', 'REPLACE')
  const after = markOf(lost as Position)
  t.equal(outline(await read(CHANNEL, { after })), 'reset')
  for (const text of ['x', 'y', 'z']) await publish(CHANNEL, text)
  t.equal(outline(await read(CHANNEL, { after })), '5:z reset')
})

t.test('a key of another type is an error, and nothing is delivered', async t => {
  const redis = await startRedis(t)
  const { broker, recorder, publish, history, read } = await keeping(t, redis)
  await broker.subscribe(channelTopic(CHANNEL))
  for (const key of [POSITION, STREAM]) {
    await redis.cli('SET', key, 'x')
    t.same(await publish(CHANNEL, 'a'), { problem: 'wrong-key-type' })
    await history.delete(CHANNEL)
  }
  await publish(CHANNEL, 'b')
  t.same(
    (await settle(broker, recorder)).map(({ data }) => `${data}`),
    ['b'],
  )
  t.equal(outline(await read(CHANNEL)), '1:b whole')
})

t.test('after an unknown outcome a retry with the key gets the same id, and there is one copy', async t => {
  const redis = await startRedis(t)
  const { broker, recorder, publish, read } = await keeping(t, redis, { timeout: 400 })
  await broker.subscribe(channelTopic(CHANNEL))
  await publish(CHANNEL, 'warm')
  redis.process.kill('SIGSTOP')
  t.same(await publish(CHANNEL, 'a', keyed('k')), { problem: 'outcome-unknown' })
  redis.process.kill('SIGCONT')
  const retry = async () => {
    for (;;) {
      const result = await publish(CHANNEL, 'a', keyed('k'))
      if ('receivers' in result) return result
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  const first = await retry()
  t.match(await retry(), { id: first.id, replayed: true })
  t.equal(outline(await read(CHANNEL)), '1:warm 2:a whole')
  t.equal(await callsOf(redis, 'xadd'), 2)
  t.ok(recorder.messages.all.filter(({ data }) => `${data}` === 'a').length <= 1)
})

t.test('a question that Redis refuses is reported', async t => {
  const redis = await startRedis(t)
  const { history } = await keeping(t, redis, { timeout: 300 })
  await redis.stop()
  const away = { name: 'BrokerUnavailable' }
  await t.rejects(history.read(CHANNEL, { limit: 1, maxBytes: 1 }), away)
  await t.rejects(history.newest([CHANNEL]), away)
  await t.rejects(history.info(CHANNEL), away)
  await t.rejects(history.delete(CHANNEL), away)
})

/** The ID of the entry with the offset. */
async function idOf({ cli }: RedisServer, offset: string): Promise<string> {
  const [id = ''] = (await cli('XRANGE', STREAM, offset, offset)).split('\n')
  return id
}
