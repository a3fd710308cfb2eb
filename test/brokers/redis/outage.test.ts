import { once } from 'node:events'
import t from 'tap'
import { type Broker, BrokerUnavailable } from '../../../src/brokers/broker.js'
import { channelTopic } from '../../../src/messages/topic.js'
import { startRedis } from '../../support/redis.js'
import { callsOf, startRedisBroker } from '../../support/redis-broker.js'

const publication = { channel: 'news', data: Buffer.from('x') }

/** False when it was not even sent. */
const isPublished = async (results: ReturnType<Broker['publish']>) =>
  (await results).some(result => !('problem' in result) || result.problem !== 'broker-unavailable')

t.test('says that it is unavailable while Redis is away, and sends nothing later', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  await broker.subscribe(channelTopic('news'))
  await redis.stop()
  await recorder.news.find(news => news.startsWith('lost'))
  while (await isPublished(broker.publish([publication]))) await new Promise(setImmediate)
  t.same(await broker.publish([publication, { ...publication, event: 'price' }]), [
    { problem: 'broker-unavailable' },
    { problem: 'broker-unavailable' },
  ])
  await t.rejects(broker.channels('*'), BrokerUnavailable)
  await t.rejects(broker.subscriberCounts(['news']), BrokerUnavailable)
  await t.rejects(broker.listenerCounts(['news']), BrokerUnavailable)

  await startRedis(t, { port: redis.port })
  await recorder.news.find(news => news === 'live channel news')
  while (broker.unavailable !== undefined) await new Promise(setImmediate)
  t.same(await broker.publish([{ ...publication, event: 'after' }]), [{ receivers: 1 }])
  t.same(
    (await recorder.messages.take(1)).map(({ event }) => event),
    ['after'],
  )
})

t.test('reports an unknown outcome while Redis is frozen, and executes nothing twice', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url, 200)
  await broker.subscribe(channelTopic('news'))
  redis.process.kill('SIGSTOP')
  t.same(await broker.publish([publication]), [{ problem: 'outcome-unknown' }])
  await recorder.news.find(news => news.startsWith('lost'))
  redis.process.kill('SIGCONT')
  await recorder.news.find(news => news === 'live channel news')
  while (broker.unavailable !== undefined) await new Promise(setImmediate)
  await broker.publish([{ ...publication, event: 'after' }])
  t.equal((await recorder.messages.next()).event, 'after')
  // Two for the last, with its metadata; the first may have been executed when Redis thawed, or not.
  t.ok((await callsOf(redis, 'publish')) <= 3)
})

for (const [state, prepare] of Object.entries({ frozen: 'SIGSTOP', gone: 'SIGKILL' } as const))
  t.test(`closes while Redis is ${state}`, { timeout: 20_000 }, async t => {
    const redis = await startRedis(t)
    const { broker } = await startRedisBroker(t, redis.url, 200)
    await broker.subscribe(channelTopic('news'))
    const exited = once(redis.process, 'exit')
    redis.process.kill(prepare)
    if (state === 'gone') await exited
    await broker.close()
    t.pass('closed')
  })

t.test('a topic that is asked for while Redis is away comes when it is back', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  await redis.stop()
  await recorder.news.find(news => news.startsWith('lost'))
  const subscribed = broker.subscribe(channelTopic('news'))
  await startRedis(t, { port: redis.port })
  await subscribed
  t.same(await broker.subscriberCounts(['news']).catch(() => [1]), [1])
})
