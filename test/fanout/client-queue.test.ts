import t from 'tap'
import { MemoryBroker } from '../../src/brokers/memory/broker.js'
import { Hub } from '../../src/fanout/hub.js'
import { Message } from '../../src/messages/message.js'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'
import { endOfTick, hubClient, lines } from '../support/hub-client.js'

const topics = [patternTopic('n*'), channelTopic('news'), patternTopic('*')]

function setUp() {
  const broker = new MemoryBroker()
  const hub = new Hub(broker)
  broker.start(hub)
  const publish = (channel: string, text: string) => broker.publish([{ channel, data: Buffer.from(text) }])
  return { hub, publish }
}

for (const order of [
  [0, 1, 2],
  [2, 1, 0],
  [1, 2, 0],
])
  t.test(`a message that matches several topics, joined in the order ${order.join(', ')}, arrives once`, async t => {
    const { hub, publish } = setUp()
    const client = hubClient(hub, { limit: Number.POSITIVE_INFINITY })
    for (const i of order) await client.join(topics[i] ?? channelTopic('none'))
    for (const channel of ['news', 'nuts', 'other', 'news']) await publish(channel, 'a')
    await endOfTick()
    t.same(lines(client.sink), ['news a', 'nuts a', 'other a', 'news a'])
  })

t.test('a message arrives once while topics come and go', async t => {
  const { hub, publish } = setUp()
  const client = hubClient(hub, { limit: Number.POSITIVE_INFINITY })
  await client.join(...topics)
  const expected = []
  for (const topic of [channelTopic('news'), patternTopic('n*')]) {
    hub.unsubscribe(client, topic)
    await publish('news', topic.name)
    expected.push(`news ${topic.name}`)
  }
  await client.join(channelTopic('news'))
  await publish('news', 'back')
  await endOfTick()
  t.same(lines(client.sink), [...expected, 'news back'])
})

t.test('a topic that is lost does not stand in for one that is live', async t => {
  const { hub, publish } = setUp()
  const client = hubClient(hub, { limit: Number.POSITIVE_INFINITY })
  await client.join(...topics)
  hub.lost('redis_connection_lost')
  hub.live(patternTopic('*'))
  // The broker is the embedded one, which loses nothing: a copy comes by each topic, as from a Redis that is back.
  await publish('other', 'a')
  await endOfTick()
  t.same(lines(client.sink), ['gap *', 'other a'])
})

t.test('an equal message after a loss, by the topic that came back first, is no copy', async t => {
  const { hub } = setUp()
  const client = hubClient(hub, { limit: Number.POSITIVE_INFINITY })
  await client.join(patternTopic('n*'), channelTopic('news'))
  const tick = () => new Message({ channel: 'news', data: Buffer.from('tick') })
  hub.message(tick(), 'n*') // its copy by the channel was on its way when the connection broke
  hub.lost('redis_connection_lost')
  hub.live(channelTopic('news'))
  hub.message(tick())
  await endOfTick()
  t.same(lines(client.sink), ['news tick', 'gap news', 'news tick'])
})

t.test('ends after its limit, with exactly so many messages, whole before the end', async t => {
  const { hub, publish } = setUp()
  const client = hubClient(hub, { limit: 2 })
  await client.join(...topics)
  for (const text of ['a', 'b', 'c']) publish('news', text)
  t.same(lines(client.sink), ['news a', 'news b'], 'without waiting for the end of the tick')
  t.same(client.sink.closings, ['limit_reached'])
  await endOfTick()
  t.same(lines(client.sink), ['news a', 'news b'])
  t.same(await hub.countListeners(['news']), [0])
})

t.test('a gap does not count towards the limit', async t => {
  const { hub, publish } = setUp()
  const client = hubClient(hub, { limit: 1 })
  await client.join(channelTopic('news'))
  hub.lost('redis_connection_lost')
  hub.live(channelTopic('news'))
  await publish('news', 'a')
  await endOfTick()
  t.same(lines(client.sink), ['gap news', 'news a'])
})
