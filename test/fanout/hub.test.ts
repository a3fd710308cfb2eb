import t from 'tap'
import { type Broker, SubscribeRefused } from '../../src/brokers/broker.js'
import { MemoryBroker } from '../../src/brokers/memory/broker.js'
import { Hub } from '../../src/fanout/hub.js'
import { Message } from '../../src/messages/message.js'
import { channelTopic, patternTopic, type Topic, topicKey } from '../../src/messages/topic.js'
import { FORMATS } from '../support/formats.js'
import { endOfTick, hubClient, lines } from '../support/hub-client.js'

const news = channelTopic('news')
const pattern = patternTopic('n*')

/** A hub on an embedded broker that notes what is asked of it. */
function setUp() {
  const calls: string[] = []
  const broker: Broker = new (class extends MemoryBroker {
    override subscribe(topic: Topic): Promise<void> {
      calls.push(`subscribe ${topicKey(topic)}`)
      return super.subscribe(topic)
    }
    override unsubscribe(topic: Topic): void {
      calls.push(`unsubscribe ${topicKey(topic)}`)
      super.unsubscribe(topic)
    }
  })()
  let now = Date.UTC(2030, 0, 1)
  const hub = new Hub(broker, { now: () => now })
  broker.start(hub)
  const publish = (channel: string, ...texts: string[]) =>
    broker.publish(texts.map(text => ({ channel, data: Buffer.from(text) })))
  const later = (seconds: number) => {
    now += seconds * 1000
  }
  return { hub, calls, publish, later }
}

/** A hub whose broker acknowledges nothing by itself. */
function setUpSilent() {
  const asked: { resolve(): void; reject(error: Error): void }[] = []
  const broker: Broker = Object.assign(new MemoryBroker(), {
    subscribe: () => new Promise<void>((resolve, reject) => asked.push({ resolve, reject })),
  })
  return { hub: new Hub(broker), asked }
}

t.test('subscribes once for all clients of a topic, and unsubscribes after the last has left', async t => {
  const { hub, calls } = setUp()
  const clients = [FORMATS.sse, FORMATS.sse, FORMATS.ndjson].map(format => hubClient(hub, { format }))
  const own = hubClient(hub, { limit: 10 })
  await Promise.all([...clients, own].map(client => client.join(news)))
  t.same(calls, ['subscribe channel news'])
  for (const client of clients) hub.unsubscribe(client, news)
  t.same(calls, ['subscribe channel news'])
  hub.unsubscribe(own, news)
  t.same(calls, ['subscribe channel news', 'unsubscribe channel news'])
  await own.join(news)
  t.equal(calls.at(-1), 'subscribe channel news')
})

for (const [who, options] of Object.entries({ 'shares its group': {}, 'has a queue of its own': { limit: 1 } }))
  t.test(`a client that ${who} leaves no trace, and its neighbours whole`, async t => {
    const { hub, calls, publish } = setUp()
    const [first, second] = [hubClient(hub), hubClient(hub)]
    const leaving = hubClient(hub, options)
    for (const client of [first, leaving, second]) await client.join(news)
    leaving.subscriber.close('client_gone')
    t.same(await hub.countListeners(['news']), [2])
    const third = hubClient(hub)
    await third.join(news)
    await publish('news', 'a')
    await endOfTick()
    for (const { sink } of [first, second, third]) t.same(lines(sink), ['news a'])
    for (const { subscriber } of [first, second, third]) subscriber.close('client_gone')
    t.same(await hub.countListeners(['news']), [0])
    t.equal(calls.at(-1), 'unsubscribe channel news')
    t.equal(calls.length, 2)
  })

t.test('encodes a message once, joins those of a tick once, and writes the same bytes to all', async t => {
  const { hub, publish } = setUp()
  const counts = { encode: 0, pack: 0 }
  const format = {
    ...FORMATS.sse,
    encode: (message: Message) => {
      counts.encode++
      return FORMATS.sse.encode(message)
    },
    pack: (frames: readonly Buffer[]) => {
      counts.pack++
      return FORMATS.sse.pack(frames)
    },
  }
  const clients = Array.from({ length: 100 }, () => hubClient(hub, { format }))
  await Promise.all(clients.map(client => client.join(news)))
  await publish('news', 'a', 'b', 'c')
  hub.scheduler.flush()
  t.same(counts, { encode: 3, pack: 1 })
  const [bytes] = clients[0]?.sink.writes ?? []
  t.equal(`${bytes}`, 'data: a\n\ndata: b\n\ndata: c\n\n')
  t.ok(clients.every(({ sink }) => sink.writes.length === 1 && sink.writes[0] === bytes))
})

t.test('keeps the topic of a newcomer whose coming cuts the last one there', async t => {
  for (const limit of [undefined, 5]) {
    const { hub, publish } = setUp()
    const full = hubClient(hub)
    await full.join(news)
    full.sink.buffered = 1020
    publish('news', 'too much')
    const late = hubClient(hub, limit === undefined ? {} : { limit })
    await late.join(news)
    hub.scheduler.flush()
    t.same(full.sink.closings, ['slow_consumer'])
    await publish('news', 'after')
    await endOfTick()
    t.same(lines(late.sink), ['news after'])
    hub.unsubscribe(late, news)
    t.equal(hub.size, 0)
  }
})

t.test('does not let in a client that is cut by what it was due', async t => {
  const { hub, publish } = setUp()
  const weather = channelTopic('weather')
  const other = hubClient(hub)
  await other.join(weather)
  const client = hubClient(hub, { limit: 5 })
  await client.join(news)
  client.sink.buffered = 1020
  publish('news', 'too much')
  await client.join(weather)
  t.same(client.sink.closings, ['slow_consumer'])
  hub.unsubscribe(other, weather)
  t.equal(hub.size, 0, 'nothing of it is left')
})

t.test('gives a newcomer nothing that was published before it, also in the same tick', async t => {
  const { hub, publish } = setUp()
  const early = hubClient(hub)
  await early.join(news)
  publish('news', 'before')
  const late = hubClient(hub)
  const joined = late.join(news)
  publish('news', 'after')
  await joined
  await endOfTick()
  t.same(lines(late.sink), ['news after'])
  t.same(lines(early.sink), ['news before', 'news after'])
})

t.test('gives a client that leaves what was published before, and nothing after', async t => {
  const { hub, publish } = setUp()
  const [staying, leaving] = [hubClient(hub), hubClient(hub)]
  await Promise.all([staying.join(news), leaving.join(news)])
  publish('news', 'before')
  hub.unsubscribe(leaving, news)
  publish('news', 'after')
  await endOfTick()
  t.same(lines(leaving.sink), ['news before'])
  t.same(lines(staying.sink), ['news before', 'news after'])
})

t.test('counts each client once for a channel, however many of its topics match', async t => {
  const { hub } = setUp()
  const [one, other] = [hubClient(hub), hubClient(hub)]
  const both = hubClient(hub, { limit: 10 })
  await Promise.all([one.join(news), other.join(pattern), both.join(news, pattern, patternTopic('*'))])
  t.same(await hub.countListeners(['news', 'nobody', 'else', 'news']), [3, 2, 1, 3])
  both.subscriber.close('client_gone')
  t.same(await hub.countListeners(['news', 'nobody', 'else']), [2, 1, 0])
})

t.test('tells a gap once per topic, before the first message after it, in the order of time', async t => {
  const { hub, publish, later } = setUp()
  const shared = hubClient(hub)
  const own = hubClient(hub, { limit: 10 })
  await Promise.all([shared.join(news), own.join(news, pattern)])
  await publish('news', 'before')
  await endOfTick()
  hub.lost('redis_connection_lost')
  later(2)
  hub.lost('redis_connection_lost') // another attempt to connect failed
  later(3)
  for (const topic of [news, pattern]) hub.live(topic)
  hub.live(news)
  await publish('news', 'after')
  await endOfTick()
  t.same(lines(shared.sink), ['news before', 'gap news', 'news after'])
  t.same(lines(own.sink), ['news before', 'gap news', 'gap n*', 'news after'])
  const gap = JSON.parse(shared.sink.text.split('\n')[1] ?? '') as { data: string } // an envelope
  t.same(JSON.parse(gap.data), {
    channel: 'news',
    from: '2030-01-01T00:00:00.000Z',
    to: '2030-01-01T00:00:05.000Z',
    reason: 'redis_connection_lost',
  })
})

t.test('tells a loss that was noticed late, and of some topics only, as what it is', async t => {
  const { hub, later } = setUp()
  const client = hubClient(hub, { limit: 10 })
  await client.join(news, pattern)
  later(9)
  hub.lost('redis_slot_moved', { since: Date.UTC(2030, 0, 1, 0, 0, 4), topics: [news, channelTopic('unknown')] })
  for (const topic of [pattern, news]) hub.live(topic)
  await endOfTick()
  t.same(lines(client.sink), ['gap news'])
  t.match(client.sink.text, '2030-01-01T00:00:04.000Z')
  t.match(client.sink.text, '2030-01-01T00:00:09.000Z')
  t.match(client.sink.text, 'redis_slot_moved')
})

t.test('tells no gap to a client that had already left, nor of a topic that was never lost', async t => {
  const { hub } = setUp()
  const client = hubClient(hub, { limit: 10 })
  await client.join(news, pattern)
  hub.lost('redis_connection_lost')
  hub.unsubscribe(client, news)
  hub.live(news)
  hub.live(pattern)
  hub.live(channelTopic('other'))
  await endOfTick()
  t.same(lines(client.sink), ['gap n*'])
})

t.test('tells a gap to who stopped waiting for a topic, once it is live', async t => {
  const { hub, asked } = setUpSilent()
  const client = hubClient(hub)
  const joined = client.join(news)
  hub.expectGap(client, news)
  hub.live(news)
  asked[0]?.resolve()
  await joined
  await endOfTick()
  t.same(lines(client.sink), ['gap news'])
  t.match(client.sink.text, 'redis_unavailable')
  hub.expectGap(client, news)
  hub.live(news)
  await endOfTick()
  t.same(lines(client.sink), ['gap news'], 'a topic that is live has no gap')
})

t.test('is not live for anybody before the broker has acknowledged, although a message came', async t => {
  const { hub, asked } = setUpSilent()
  const [first, second] = [hubClient(hub), hubClient(hub)]
  const live: string[] = []
  first.join(news).then(() => live.push('first'))
  // It came by an earlier subscription to the topic, whose end is on its way to Redis.
  hub.message(new Message({ channel: 'news', data: Buffer.from('stray') }))
  second.join(news).then(() => live.push('second'))
  await endOfTick()
  t.same(live, [])
  asked[0]?.resolve()
  await endOfTick()
  t.same(live, ['first', 'second'])
})

t.test('tells every client that waits that the topic is refused, and asks again for the next', async t => {
  const { hub, asked } = setUpSilent()
  const clients = [hubClient(hub), hubClient(hub, { limit: 1 })]
  const outcomes = Promise.allSettled(clients.map(client => client.join(news)))
  asked[0]?.reject(new SubscribeRefused('no'))
  for (const outcome of await outcomes)
    t.ok(outcome.status === 'rejected' && outcome.reason instanceof SubscribeRefused)
  for (const client of clients) hub.unsubscribe(client, news)
  const joined = hubClient(hub).join(news)
  asked[1]?.resolve()
  await joined
  t.equal(asked.length, 2)
})

t.test('ends the clients of a topic that is refused after it was live, and no others', async t => {
  const { hub } = setUp()
  const [shared, other, own] = [hubClient(hub), hubClient(hub), hubClient(hub, { limit: 10 })]
  await Promise.all([shared.join(news), other.join(pattern), own.join(news, pattern)])
  hub.refused(news)
  t.same(shared.sink.closings, ['channel_refused'])
  t.same(own.sink.closings, ['channel_refused'])
  t.same(other.sink.closings, [])
  t.same(await hub.countListeners(['news']), [1])
  hub.refused(channelTopic('unknown'))
})

t.test('cuts a client that falls behind, and the others hear everything', async t => {
  const { hub, publish } = setUp()
  const [slow, fast] = [hubClient(hub), hubClient(hub)]
  await Promise.all([slow.join(news), fast.join(news)])
  slow.sink.buffered = 1000
  await publish('news', 'a'.repeat(100))
  await endOfTick()
  await publish('news', 'b')
  await endOfTick()
  t.same(slow.sink.closings, ['slow_consumer'])
  t.same(lines(slow.sink), [])
  t.same(fast.sink.closings, [])
  t.equal(lines(fast.sink).length, 2)
  t.same(await hub.countListeners(['news']), [1])
})

/** Patterns and names that take long to compare, all of them together. */
async function setUpManyPatterns() {
  const { hub } = setUp()
  const client = hubClient(hub, { limit: 10 })
  const patterns = Array.from({ length: 300 }, (_, i) => patternTopic(`*${'a'.repeat(60)}${i}x*`))
  await client.join(patternTopic('*'), ...patterns)
  const channels = Array.from({ length: 100 }, (_, i) => `${'a'.repeat(120)}${i}`)
  return { hub, channels }
}

t.test('counts clients in slices, between which others have their turn', async t => {
  const { hub, channels } = await setUpManyPatterns()
  let turns = 0
  let next: NodeJS.Immediate
  const count = () => {
    turns++
    next = setImmediate(count)
  }
  next = setImmediate(count)
  t.same(await hub.countListeners(channels), Array(channels.length).fill(1))
  clearImmediate(next)
  t.ok(turns > 10, `${turns} turns`)
})

t.test('stops counting when no request waits for it', async t => {
  const { hub, channels } = await setUpManyPatterns()
  let asked = 0
  t.equal(await hub.countListeners(channels, () => ++asked < 3), undefined)
  t.equal(asked, 3)
})
