import t from 'tap'
import { Hub } from '../../../src/fanout/hub.js'
import { Subscriber } from '../../../src/fanout/subscriber.js'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { FakeSink } from '../../support/fake-sink.js'
import { FORMATS } from '../../support/formats.js'
import { settle } from '../../support/recorder.js'
import { startRedis } from '../../support/redis.js'
import { callsOf, gatewayConnections, killSubscribers, startRedisBroker } from '../../support/redis-broker.js'

t.test('a gateway has two connections, no matter how many topics it has', async t => {
  const redis = await startRedis(t)
  const { broker } = await startRedisBroker(t, redis.url)
  const names = Array.from({ length: 400 }, (_, i) => `room-${i}`)
  await Promise.all(
    names.flatMap(name => [broker.subscribe(channelTopic(name)), broker.subscribe(patternTopic(`${name}*`))]),
  )
  await broker.publish(names.map(channel => ({ channel, data: Buffer.from('x'), event: 'price' })))
  const roles = (await gatewayConnections(redis)).map(({ name }) => name.split(':')[1])
  t.same(roles.sort(), ['publisher', 'subscriber'])
  await broker.close()
  while ((await gatewayConnections(redis)).length > 0); // Redis says goodbye first, and forgets a moment later
  t.pass('none is left')
})

t.test('a channel is subscribed once for all its clients, and unsubscribed after the last has left', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  const hub = new Hub(broker)
  const topic = channelTopic('news')
  const before = await callsOf(redis, 'subscribe')
  const clients = Array.from({ length: 100 }, (_, i) => ({
    subscriber: new Subscriber({ sink: new FakeSink(), maxBufferedBytes: 1024, onClose: () => {} }),
    format: i % 2 ? FORMATS.sse : FORMATS.ndjson,
  }))
  await broker.subscribe(channelTopic('other'))
  // The hub is not the listener here, so nothing tells it of `live`: it asks all the same.
  await Promise.all(clients.map(client => hub.subscribe(client, topic)))
  t.equal((await callsOf(redis, 'subscribe')) - before, 2, 'one for the hub, one for the other channel')
  for (const client of clients.slice(1)) hub.unsubscribe(client, topic)
  await settle(broker, recorder)
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'news'), 'news\n1')
  for (const client of clients.slice(0, 1)) hub.unsubscribe(client, topic)
  await settle(broker, recorder)
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'news'), 'news\n0')
})

t.test('every topic is live again after the connection was lost, and everything works', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  const topics = [channelTopic('news'), channelTopic('__proto__'), patternTopic('n*'), patternTopic('chat:*')]
  await Promise.all(topics.map(topic => broker.subscribe(topic)))
  for (let round = 1; round <= 5; round++) {
    await killSubscribers(redis)
    await recorder.news.find(news => news.startsWith('lost'))
    const live = new Set<string>()
    while (live.size < topics.length)
      live.add(await recorder.news.find(news => /^live (channel|pattern) (news|__proto__|n\*|chat:\*)$/.test(news)))
    const results = await broker.publish([
      { channel: 'news', data: Buffer.from('x'), event: `round-${round}` },
      { channel: '__proto__', data: Buffer.from('x') },
      { channel: 'chat:1', data: Buffer.from('x') },
    ])
    t.same(results, [{ receivers: 2 }, { receivers: 1 }, { receivers: 1 }])
    const messages = (await recorder.messages.take(4)).map(({ channel, event }) => `${channel} ${event}`)
    t.same(messages.sort(), ['__proto__ undefined', 'chat:1 undefined', `news round-${round}`, `news round-${round}`])
  }
  t.equal(recorder.heard('lost redis_connection_lost'), 5)
})

t.test('subscriptions that change during an outage are correct afterwards', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  await Promise.all(['kept', 'dropped', 'again'].map(name => broker.subscribe(channelTopic(name))))
  await killSubscribers(redis)
  await recorder.news.find(news => news.startsWith('lost'))
  broker.unsubscribe(channelTopic('dropped'))
  broker.unsubscribe(channelTopic('again'))
  await Promise.all([broker.subscribe(channelTopic('again')), broker.subscribe(channelTopic('new'))])
  await settle(broker, recorder)
  t.same((await broker.channels('*')).sort(), ['again', 'kept', 'new'])
})
