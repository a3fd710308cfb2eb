import t, { type Test } from 'tap'
import { SubscribeRefused } from '../../../src/brokers/broker.js'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { startRedis } from '../../support/redis.js'
import { startRedisBroker } from '../../support/redis-broker.js'

/**
 * A broker whose Redis user may use the given channels, and those of the gateways themselves. Redis compares
 * patterns literally: who may subscribe to `open:*` must be allowed that very pattern, and its metadata channel.
 */
async function startRestricted(t: Test, ...channels: string[]) {
  const redis = await startRedis(t)
  const allow = (...channels: string[]) =>
    redis.cli('ACL', 'SETUSER', 'gateway', 'on', '>secret', '+@all', 'resetchannels', '&carillon:*', ...channels)
  t.equal(await allow(...channels), 'OK')
  return { redis, allow, ...(await startRedisBroker(t, redis.url.replace('//', '//gateway:secret@'))) }
}

t.test('a refused channel is refused alone, among many that are asked for at once', async t => {
  const { broker, recorder } = await startRestricted(t, '&open:*')
  const names = Array.from({ length: 600 }, (_, i) => `${i % 100 === 50 ? 'secret' : 'open'}:${i}`)
  const outcomes = await Promise.allSettled(names.map(name => broker.subscribe(channelTopic(name))))
  for (const [i, outcome] of outcomes.entries()) {
    if (names[i]?.startsWith('open')) {
      if (outcome.status === 'rejected') t.fail(`${names[i]} was refused`)
    } else {
      t.ok(outcome.status === 'rejected' && outcome.reason instanceof SubscribeRefused)
    }
  }
  await broker.publish([{ channel: 'open:599', data: Buffer.from('x') }])
  t.equal((await recorder.messages.next()).channel, 'open:599')
  t.same(
    recorder.news.all.filter(news => news.startsWith('refused') || news.startsWith('lost')),
    [],
  )
})

t.test('a pattern is refused as a channel is', async t => {
  const { broker } = await startRestricted(t, '&open:*', '&carillon:meta:{open:*}')
  await t.rejects(broker.subscribe(patternTopic('*')), SubscribeRefused)
  await broker.subscribe(patternTopic('open:*'))
})

t.test('a refused topic can be asked for again, once it is allowed', async t => {
  const { broker, allow } = await startRestricted(t, '&open')
  await t.rejects(broker.subscribe(channelTopic('later')), SubscribeRefused)
  await allow('&later')
  await broker.subscribe(channelTopic('later'))
  t.same(await broker.publish([{ channel: 'later', data: Buffer.from('x') }]), [{ receivers: 1 }])
})

t.test('a publication is refused alone, with an event type and without', async t => {
  const { broker, recorder } = await startRestricted(t, '&open')
  await broker.subscribe(channelTopic('open'))
  const data = Buffer.from('x')
  const results = await broker.publish([
    { channel: 'open', data },
    { channel: 'secret', data },
    { channel: 'open', data, event: 'price' },
    { channel: 'secret', data, event: 'price' },
    { channel: 'open', data },
  ])
  const [taken, refused] = [{ receivers: 1 }, { problem: 'channel-refused' }]
  t.same(results, [taken, refused, taken, refused, taken])
  t.same(
    (await recorder.messages.take(3)).map(({ event }) => event),
    [undefined, 'price', undefined],
  )
})

t.test('a revoked channel is reported, and all others are subscribed again', async t => {
  const stay = ['&kept:*', '&carillon:meta:{kept:*}']
  const { broker, recorder, allow } = await startRestricted(t, ...stay, '&revoked')
  const kept = Array.from({ length: 20 }, (_, i) => channelTopic(`kept:${i}`))
  await Promise.all([...kept, patternTopic('kept:*'), channelTopic('revoked')].map(topic => broker.subscribe(topic)))
  await allow(...stay) // Redis cuts whoever is subscribed to what is not allowed any more
  await recorder.news.find(news => news.startsWith('lost'))
  await recorder.news.find(news => news === 'refused channel revoked')
  await broker.subscribe(channelTopic('kept:last'))
  for (const { name } of kept) t.equal(recorder.heard(`live channel ${name}`), 2)
  t.equal(recorder.heard('live pattern kept:*'), 2)
  t.equal(recorder.heard('live channel revoked'), 1)
  t.same(await broker.publish([{ channel: 'kept:7', data: Buffer.from('x') }]), [{ receivers: 2 }])
})

t.test('a user without the gateways’ own channels is refused, without affecting others', async t => {
  const redis = await startRedis(t)
  await redis.cli('ACL', 'SETUSER', 'gateway', 'on', '>secret', '+@all', 'resetchannels', '&news')
  const { broker } = await startRedisBroker(t, redis.url.replace('//', '//gateway:secret@'))
  await t.rejects(broker.subscribe(channelTopic('news')), SubscribeRefused)
  t.same(await broker.publish([{ channel: 'news', data: Buffer.from('x') }]), [{ receivers: 0 }])
})
