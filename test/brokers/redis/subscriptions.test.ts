import type { Redis } from 'ioredis'
import t from 'tap'
import { Subscriptions } from '../../../src/brokers/redis/subscriptions.js'
import { channelTopic } from '../../../src/messages/topic.js'

t.test('nothing is asked for on a connection of which it is not known where it leads', async t => {
  const asked: string[] = []
  const redis = { status: 'ready', subscribe: async (...names: string[]) => asked.push(...names) } as unknown as Redis // as much as is needed
  const live: string[] = []
  const subscriptions = new Subscriptions(redis, { live: ({ name }) => live.push(name), refused() {} })
  const turn = () => new Promise(resolve => setImmediate(resolve))

  const first = subscriptions.add(channelTopic('first'), ['first'])
  await turn()
  t.same(asked, [], 'it may be a replica, and be given up in a moment')
  subscriptions.connected()
  await first
  t.same([asked, live], [['first'], ['first']])

  subscriptions.disconnected()
  const second = subscriptions.add(channelTopic('second'), ['second'])
  await turn()
  t.same(asked, ['first'])
  subscriptions.connected()
  await second
  t.same(asked, ['first', 'first', 'second'])
  t.same(
    subscriptions.live().map(({ name }) => name),
    ['first', 'second'],
  )
})
