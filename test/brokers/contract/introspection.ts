import type { Test } from 'tap'
import { RESERVED_PREFIX } from '../../../src/messages/names.js'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { settle, startBroker, supported } from '../../support/recorder.js'
import type { MakeBroker } from '../contract.js'

/** Who listens, and what must not show. */
export function introspection(t: Test, makeBroker: MakeBroker): void {
  t.test('lists the channels that have a subscriber and match, and no patterns', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const names = ['chat:1', 'chat:2', 'chat:10', 'news']
    await Promise.all(names.map(name => broker.subscribe(channelTopic(name))))
    for (const topic of supported(broker, [patternTopic('chat:3')])) await broker.subscribe(topic)
    t.same((await broker.channels('*')).sort(), [...names].sort())
    t.same((await broker.channels('chat:?')).sort(), ['chat:1', 'chat:2'])
    t.same((await broker.channels('chat:[^2]*')).sort(), ['chat:1', 'chat:10'])
    t.same(await broker.channels('nothing'), [])
    broker.unsubscribe(channelTopic('chat:1'))
    await settle(broker, recorder)
    t.same(await broker.channels('chat:?'), ['chat:2'])
  })

  t.test('counts subscribed connections in the order of the question', async t => {
    const { broker } = await startBroker(t, makeBroker())
    const topics = supported(broker, [channelTopic('a'), channelTopic('c'), patternTopic('b')])
    await Promise.all(topics.map(topic => broker.subscribe(topic)))
    t.same(await broker.subscriberCounts(['c', 'b', 'a', 'a']), [1, 0, 1, 1])
    t.same(await broker.subscriberCounts([]), [])
  })

  t.test('counts the patterns that have a subscriber', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const before = await broker.patternCount()
    const topics = supported(broker, [patternTopic('a*'), patternTopic('b*')])
    await Promise.all(topics.map(topic => broker.subscribe(topic)))
    const count = await broker.patternCount()
    t.ok(count >= before + topics.length, 'with Redis, the metadata channels of the patterns count too')
    for (const topic of topics) broker.unsubscribe(topic)
    await settle(broker, recorder)
    t.equal(await broker.patternCount(), before)
  })

  t.test('counts listeners as the gateway says, in the order of the question', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    recorder.listeners = channel => channel.length
    await settle(broker, recorder) // whatever a broker needs to be asked itself is subscribed by then
    t.same(await broker.listenerCounts(['ccc', 'a', 'bb', 'a']), { counts: [3, 1, 2, 1], unanswered: 0 })
    t.same(await broker.listenerCounts([]), { counts: [], unanswered: 0 })
  })

  t.test('keeps channels under the reserved prefix to itself', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const patterns = ['*', 'c?rillon:*', '[a-d]*'].map(patternTopic)
    for (const topic of supported(broker, [...patterns, channelTopic('chat')])) await broker.subscribe(topic)
    await broker.listenerCounts(['chat'])
    await broker.publish([
      { channel: `${RESERVED_PREFIX}gateways`, data: Buffer.from('forged') },
      { channel: `${RESERVED_PREFIX}other`, data: Buffer.from('forged'), event: 'price' },
      { channel: `${RESERVED_PREFIX}meta:{chat}`, data: Buffer.from('{"event":"forged","crc":1}') },
      { channel: 'chat', data: Buffer.from('x'), event: 'price' },
    ])
    t.same(
      (await settle(broker, recorder)).map(({ channel, event }) => [channel, event]),
      Array.from({ length: broker.hasPatterns ? 3 : 1 }, () => ['chat', 'price']),
    )
    t.same(await broker.channels('*'), ['chat'])
    t.same(await broker.channels('carillon*'), [])
  })
}
