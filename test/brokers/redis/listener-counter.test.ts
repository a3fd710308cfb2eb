import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { patternTopic } from '../../../src/messages/topic.js'
import { settle } from '../../support/recorder.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { connectNative, startRedisBroker } from '../../support/redis-broker.js'

const ASSEMBLY = 'carillon:gateways'

async function startGateways(t: Test, redis: RedisServer, ...listeners: number[]) {
  const gateways = []
  for (const [i, count] of listeners.entries()) {
    const gateway = await startRedisBroker(t, redis.url, 1500)
    gateway.recorder.listeners = channel => (channel === 'news' ? count : 0)
    await untilGateways(redis, i + 1)
    gateways.push(gateway)
  }
  return gateways
}

t.test('the listeners of all gateways are added up, whichever of them is asked', async t => {
  const redis = await startRedis(t)
  for (const { broker } of await startGateways(t, redis, 1, 20, 300))
    t.same(await broker.listenerCounts(['quiet', 'news']), { counts: [0, 321], unanswered: 0 })
})

t.test('many questions at once get their own answers', async t => {
  const redis = await startRedis(t)
  const gateways = await startGateways(t, redis, 1, 2)
  const questions = gateways.flatMap(({ broker }) => Array.from({ length: 50 }, () => broker.listenerCounts(['news'])))
  for (const answer of await Promise.all(questions)) t.same(answer, { counts: [3], unanswered: 0 })
})

t.test('a gateway that was killed does not count any more', async t => {
  const redis = await startRedis(t)
  const [asking] = await startGateways(t, redis, 1, 20)
  const wire = await severableWire(t, redis)
  const { recorder } = await startRedisBroker(t, wire.url, 1500)
  recorder.listeners = () => 300
  await untilGateways(redis, 3)
  t.same(await asking?.broker.listenerCounts(['news']), { counts: [321], unanswered: 0 })
  wire.sever()
  await untilGateways(redis, 2)
  t.same(await asking?.broker.listenerCounts(['news']), { counts: [21], unanswered: 0 })
})

t.test('a connected gateway that does not answer is reported, and the others count', async t => {
  const redis = await startRedis(t)
  const [asking] = await startGateways(t, redis, 1, 20)
  const silent = connectNative(t, redis)
  await silent.subscribe(ASSEMBLY)
  t.same(await asking?.broker.listenerCounts(['news']), { counts: [21], unanswered: 1 })
  const gone = once(silent, 'end')
  silent.disconnect()
  await gone
  await untilGateways(redis, 2)
  t.same(await asking?.broker.listenerCounts(['news']), { counts: [21], unanswered: 0 })
})

t.test('one that leaves after it was asked owes no answer', async t => {
  const redis = await startRedis(t)
  const [asking] = await startGateways(t, redis, 1)
  const leaving = connectNative(t, redis)
  leaving.on('message', () => leaving.disconnect())
  await leaving.subscribe(ASSEMBLY)
  t.same(await asking?.broker.listenerCounts(['news']), { counts: [1], unanswered: 0 })
})

t.test('ignores messages that no gateway would send', async t => {
  const redis = await startRedis(t)
  const gateways = await startGateways(t, redis, 1, 2)
  const native = connectNative(t, redis)
  await Promise.all(gateways.map(({ broker }) => broker.subscribe(patternTopic('*'))))
  const question = { question: 'q', replyTo: 'carillon:gateway:x', channels: ['news'] }
  const forged: unknown[] = [
    null,
    1,
    'x',
    [],
    {},
    { ...question, question: 1 },
    { ...question, replyTo: 'news' },
    { ...question, replyTo: 7 },
    { ...question, replyTo: ASSEMBLY },
    { ...question, channels: 'news' },
    { ...question, channels: [1] },
    { ...question, channels: { length: 1e9 } },
    { question: 'q', counts: [1] },
    { question: '__proto__', counts: [1] },
  ]
  const inboxes = (await redis.cli('PUBSUB', 'CHANNELS', 'carillon:gateway:*')).split('\n')
  t.equal(inboxes.length, 2)
  for (const channel of [ASSEMBLY, ...inboxes, 'carillon:meta:{news}', 'carillon:meta:{*}', 'carillon:'])
    for (const message of [...forged.map(item => JSON.stringify(item)), '', '{', Buffer.from([0xff, 0x00])])
      await native.publish(channel, message)
  for (const { broker, recorder } of gateways) {
    t.same(await broker.listenerCounts(['news']), { counts: [3], unanswered: 0 })
    t.same(await settle(broker, recorder), [])
  }
})

t.test('a forged answer to a real question changes no other channel and breaks nothing', async t => {
  const redis = await startRedis(t)
  const [asking] = await startGateways(t, redis, 1)
  const forger = connectNative(t, redis)
  const publisher = connectNative(t, redis)
  const malformed = [[-1], [0.5], ['7'], [null], 'x', { 0: 9 }, undefined]
  forger.on('message', (_channel, text: string) => {
    const { question, replyTo } = JSON.parse(text) as { question: string; replyTo: string } // asked by the broker
    for (const counts of malformed) publisher.publish(replyTo, JSON.stringify({ question, counts }))
  })
  await forger.subscribe(ASSEMBLY)
  t.same(await asking?.broker.listenerCounts(['news', 'quiet']), { counts: [1, 0], unanswered: 1 })
})

async function untilGateways(redis: RedisServer, count: number): Promise<void> {
  while ((await redis.cli('PUBSUB', 'NUMSUB', ASSEMBLY)) !== `${ASSEMBLY}\n${count}`);
}

/** A way to Redis that ends as with `kill -9`: no goodbye, and no way back. */
async function severableWire(t: Test, redis: RedisServer) {
  const sockets = new Set<Socket>()
  const server = createServer(near => {
    const far = connect(redis.port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.pipe(to)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const sever = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(sever)
  return { url: `redis://127.0.0.1:${port}`, sever }
}
