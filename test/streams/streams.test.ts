import t, { type Test } from 'tap'
import { SubscribeRefused } from '../../src/brokers/broker.js'
import { parseHistoryRules } from '../../src/brokers/history-rules.js'
import { MemoryBroker } from '../../src/brokers/memory/broker.js'
import { defaultConfig } from '../../src/config/config.js'
import { Hub } from '../../src/fanout/hub.js'
import type { PageQuery } from '../../src/history/catch-up-limiter.js'
import { Message } from '../../src/messages/message.js'
import { channelTopic, type Topic } from '../../src/messages/topic.js'
import type { Format } from '../../src/protocol/format.js'
import { Problem } from '../../src/protocol/problems.js'
import { Streams } from '../../src/streams/streams.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { FakeSink } from '../support/fake-sink.js'
import { FORMATS } from '../support/formats.js'
import { build, untilReady } from '../support/gateway.js'
import { endOfTick } from '../support/hub-client.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const news = channelTopic('news')

/** Streams over a broker that acknowledges a subscription when the test says so. */
function setUp(t: Test) {
  let acknowledge = (): void => {}
  const acknowledged = new Promise<void>(resolve => {
    acknowledge = resolve
  })
  const broker = Object.assign(new MemoryBroker(), { subscribe: () => acknowledged })
  const hub = new Hub(broker)
  const streams = new Streams(hub, defaultConfig)
  t.teardown(() => streams.close())
  const open = () => {
    const sink = new FakeSink()
    const stream = streams.create({ sink, format: FORMATS.sse })
    streams.open(stream)
    return sink
  }
  return { hub, streams, acknowledge, open }
}

t.test('a limit that is reached while the stream is still being opened delivers its message', async t => {
  const { hub, streams, acknowledge } = setUp(t)
  const sink = new FakeSink()
  const stream = streams.create({ sink, format: FORMATS.sse, limit: 1 })
  const subscribed = stream.subscribe([news])
  for (const text of ['first', 'second']) hub.message(new Message({ channel: 'news', data: Buffer.from(text) }))
  await endOfTick()
  t.same(sink.writes, [], 'its head is not out yet')
  t.same(sink.closings, [])
  acknowledge()
  await subscribed
  streams.open(stream)
  t.match(sink.text, /^retry: \d+\ndata: first\n\n$/)
  t.same(sink.closings, ['limit_reached'])
  t.equal(streams.size, 0)
  t.equal(hub.size, 0)
})

t.test('a drain ends every stream once, including new ones, with a time to reconnect', async t => {
  const { streams, open } = setUp(t)
  const sinks = Array.from({ length: 50 }, open)
  const drained = streams.drain(0.2)
  t.ok(streams.draining)
  sinks.push(open())
  await drained
  sinks.push(open())
  for (const sink of sinks) {
    t.same(sink.closings, ['draining'])
    t.match(sink.text, /^retry: \d+\nretry: \d+\n$/)
  }
  t.equal(streams.size, 0)
})

t.test('a stream that ends during an outage tells first what it may have missed', async t => {
  const { hub, streams, acknowledge } = setUp(t)
  const sink = new FakeSink()
  const stream = streams.create({ sink, format: FORMATS.sse })
  const subscribed = stream.subscribe([news])
  acknowledge()
  await subscribed
  streams.open(stream)
  hub.lost('redis_connection_lost')
  stream.close('draining')
  t.match(sink.text, /\nevent: gap\ndata: \{"channel":"news",.*"redis_connection_lost"\}\n\nretry: \d+\n$/)
  t.same(sink.closings, ['draining'])
})

t.test('a stream that gives up a topic during an outage is first told what it may have missed', async t => {
  const { hub, streams, acknowledge } = setUp(t)
  const [sink, other] = [new FakeSink(), new FakeSink()]
  const stream = streams.create({ sink, format: FORMATS.webSocketEnvelope, multiplexed: true })
  const subscribed = stream.subscribe([news])
  acknowledge()
  await subscribed
  streams.open(stream)
  hub.lost('redis_connection_lost')
  const late = streams.create({ sink: other, format: FORMATS.webSocketEnvelope, multiplexed: true })
  streams.open(late)
  late.subscribe([news])
  for (const each of [stream, late]) each.unsubscribe(news)
  t.match(sink.text, /"event":"gap".*redis_connection_lost/)
  t.equal(other.text, '', 'who was promised nothing is owed nothing')
  t.equal(hub.size, 0)
  stream.close('draining')
  t.equal(sink.text.match(/"gap"/g)?.length, 1, 'once')
})

for (const multiplexed of [false, true])
  t.test(
    `a topic that Redis refuses after an outage is first told of as a gap: ${multiplexed ? 'one of several' : 'the only one'}`,
    async t => {
      const { hub, streams, acknowledge } = setUp(t)
      const sink = new FakeSink()
      const stream = streams.create({ sink, format: FORMATS.ndjson, multiplexed })
      const subscribed = stream.subscribe(multiplexed ? [news, channelTopic('other')] : [news])
      acknowledge()
      await subscribed
      streams.open(stream)
      hub.lost('redis_connection_lost')
      hub.refused(news)
      t.same(sink.closings, multiplexed ? [] : ['channel_refused'])
      t.equal(sink.text.match(/"event":"gap"/g)?.length, 1)
    },
  )

t.test(
  'a stream that opened during an outage is told of a gap before it ends, as one of its topics is refused',
  async t => {
    const asked = new Map<string, { resolve(): void; reject(error: Error): void }>()
    const broker = Object.assign(new MemoryBroker(), {
      subscribe: ({ name }: Topic) =>
        new Promise<void>((resolve, reject) => {
          asked.set(name, { resolve, reject })
        }),
    })
    const hub = new Hub(broker)
    const streams = new Streams(hub, { ...defaultConfig, OPEN_TIMEOUT_MS: 1 })
    t.teardown(() => streams.close())
    const sink = new FakeSink()
    const stream = streams.create({ sink, format: FORMATS.ndjson, multiplexed: true })
    t.same(await stream.subscribeOrExpectGap([news, channelTopic('other')]), { live: false })
    streams.open(stream)
    asked.get('other')?.reject(new SubscribeRefused('NOPERM'))
    await until(() => sink.closings.length > 0, 'the stream ends')
    t.same(sink.closings, ['channel_refused'])
    for (const channel of ['news', 'other']) t.match(sink.text, `{"channel":"${channel}","event":"gap"`)
  },
)

t.test('a stream without ids that ends before its catch-up gets a gap', async t => {
  const broker = new MemoryBroker({ history: parseHistoryRules('news=10') })
  const hub = new Hub(broker)
  broker.start(hub)
  const streams = new Streams(hub, defaultConfig)
  t.teardown(() => streams.close())
  await broker.publish([{ channel: 'news', data: Buffer.from('kept') }])
  const open = async (format: Format, place?: PageQuery) => {
    const sink = new FakeSink()
    const stream = streams.create({ sink, format })
    await stream.subscribe([news], place && new Map([[news, { from: place }]]))
    streams.open(stream)
    return sink
  }
  const [bare, envelopes] = [await open(FORMATS.webSocket), await open(FORMATS.webSocketEnvelope)]
  const resuming = await open(FORMATS.webSocket, { last: 1 })
  hub.lost('redis_connection_lost')
  hub.live(news)
  streams.close()
  for (const [sink, reason] of [
    [bare, 'redis_connection_lost'],
    [resuming, 'redis_connection_lost'],
  ] as const) {
    t.match(sink.text, /"event":"gap"/)
    t.match(sink.text, reason)
  }
  t.notMatch(envelopes.text, 'gap', 'a client with ids resumes by itself')
})

t.test('a stream without ids that ends during its catch-up gets a gap', async t => {
  const broker = new MemoryBroker({ history: parseHistoryRules('news=10') })
  const hub = new Hub(broker)
  broker.start(hub)
  const streams = new Streams(hub, defaultConfig)
  t.teardown(() => streams.close())
  await broker.publish([{ channel: 'news', data: Buffer.from('kept') }])
  const sink = new FakeSink()
  const stream = streams.create({ sink, format: FORMATS.webSocket })
  await stream.subscribe([news], new Map([[news, { from: { last: 1 } }]]))
  streams.open(stream)
  stream.close('draining')
  t.match(sink.text, 'history_unavailable')
  t.notMatch(sink.text, 'kept')
})

t.test('a subscription that Redis refuses does not wait any longer', async t => {
  const { hub, streams, acknowledge } = setUp(t)
  const create = () => streams.create({ sink: new FakeSink(), format: FORMATS.webSocketEnvelope, multiplexed: true })
  const subscribed = create().subscribe([news])
  acknowledge()
  await subscribed
  hub.lost('redis_connection_lost')
  const waiting = create().subscribe([news])
  hub.refused(news)
  await t.rejects(waiting, new Problem('channel-refused'))
})

t.test('a stream at its maximum age ends with a time to reconnect, and its client can reconnect', async t => {
  const { url } = await build(t, { config: { MAX_STREAM_AGE_SECONDS: 0.2, RETRY_MS: 100 } })
  for (let round = 0; round < 2; round++) {
    const sse = await openSse(t, `${url}/channels/news/events`)
    const ndjson = await openNdjson(t, `${url}/channels/news/events`)
    const [channelSocket, session] = [
      await openWebSocket(t, `${url}/channels/news/ws`),
      await openWebSocket(t, `${url}/ws`),
    ]
    await Promise.all([sse.untilEnd(), ndjson.untilEnd()])
    t.match(sse.text().replaceAll(':\n', ''), /^retry: (?:[5-9]\d|1[0-4]\d|150)\nretry: (?:[5-9]\d|1[0-4]\d|150)\n$/)
    t.equal(ndjson.text().trim(), '', 'nothing but heartbeats')
    for (const socket of [channelSocket, session]) t.same(await socket.closed, { code: 1012, reason: 'max_age' })
  }
})

t.test('a stream that is opened during an outage is open, and hears of a gap when Redis is back', async t => {
  const redis = await startRedis(t)
  const config = { OPEN_TIMEOUT_MS: 100 }
  const { url } = await build(t, { config, redisUrl: redis.url })
  await redis.stop()
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'the loss is noticed')
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const many = await openSse(t, `${url}/events?channel=news&pattern=n*`)
  const channelSocket = await openWebSocket(t, `${url}/channels/news/ws`)
  const session = await openWebSocket(t, `${url}/ws`)
  session.send({ type: 'subscribe', channel: 'news', ref: 1 })
  session.send({ type: 'ping', ref: 2 })
  t.match(JSON.parse((await session.next()).data), { type: 'pong', ref: 2 })
  t.equal(sse.response.status, 200)
  t.equal(ndjson.response.status, 200)
  await startRedis(t, { port: redis.port })
  const gap = { channel: 'news', reason: 'redis_unavailable' }
  const first = await sse.next()
  t.equal(first.event, 'gap')
  t.match(JSON.parse(first.data), gap)
  const line = await ndjson.next()
  t.match([line, JSON.parse(line.data)], [{ channel: 'news', event: 'gap' }, gap])
  const told = (await many.take(2)).map(({ event, data }) => ({ event, ...JSON.parse(data) }))
  t.match(
    told.sort((a, b) => `${a.channel}`.localeCompare(`${b.channel}`)),
    [
      { event: 'gap', ...gap },
      { event: 'gap', pattern: 'n*', reason: 'redis_unavailable' },
    ],
  )
  const frame = await channelSocket.next()
  t.ok(frame.isBinary, 'a control event')
  t.match(JSON.parse(frame.data), { channel: 'news', event: 'gap' })
  t.match(JSON.parse((await session.find(({ data }) => data.includes('subscribed'))).data), { ref: 1, channel: 'news' })
  await untilReady(url)
  const { status } = await fetch(`${url}/channels/news`, { method: 'POST', body: 'after' })
  t.equal(status, 200)
  t.equal((await sse.next()).data, 'after')
})

t.test('the app closes while Redis is frozen, with streams open', { timeout: 30_000 }, async t => {
  const redis = await startRedis(t)
  const { app, url } = await build(t, { redisUrl: redis.url, config: { REDIS_TIMEOUT_MS: 300 } })
  const sse = await openSse(t, `${url}/channels/news/events`)
  const socket = await openWebSocket(t, `${url}/channels/news/ws`)
  redis.process.kill('SIGSTOP')
  const cut = setTimeout(() => app.server.closeAllConnections(), 1000) // as the program does
  await app.close()
  clearTimeout(cut)
  await sse.untilEnd()
  t.match(await socket.closed, { code: 1012 })
})
