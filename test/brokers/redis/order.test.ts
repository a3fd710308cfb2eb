import t, { type Test } from 'tap'
import { parseHistoryRules } from '../../../src/brokers/history-rules.js'
import { RedisBroker } from '../../../src/brokers/redis/broker.js'
import type { Publication } from '../../../src/messages/message.js'
import { channelTopic } from '../../../src/messages/topic.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { SentinelTopology } from '../../faults/rig/sentinel.js'
import { Signal } from '../../faults/rig/signal.js'
import { openNdjson, openWebSocket } from '../../support/clients.js'
import { RedisCluster } from '../../support/cluster.js'
import { build } from '../../support/gateway.js'
import { startBroker } from '../../support/recorder.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { callsOf } from '../../support/redis-broker.js'

const HISTORY = parseHistoryRules('kept:*')

const startPublisher = (t: Test, url: string) =>
  startBroker(t, new RedisBroker({ url, timeout: 3000, history: HISTORY }, silentLogger))

let keys = 0

/** Messages numbered from 1. Every other one has an idempotency key, so that scripts and plain publishes take turns. */
const mixed = (channel: string, count: number, from = 1): Publication[] =>
  Array.from({ length: count }, (_, i) => ({
    channel,
    data: Buffer.from(`${from + i}`),
    ...(i % 2 === 0 && { idempotency: { key: `k${++keys}`, fingerprint: 'f' } }),
  }))

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

t.test('a batch keeps its order on a Redis that has never seen the scripts', async t => {
  for (let round = 0; round < 5; round++) {
    const redis = await startRedis(t)
    const { broker, recorder } = await startPublisher(t, redis.url)
    await broker.subscribe(channelTopic('news'))
    await broker.publish(mixed('news', 4))
    t.same(
      (await recorder.messages.take(4)).map(({ data }) => Number(data)),
      numbers(4),
    )
    await broker.close()
    await redis.stop()
  }
})

t.test('a batch keeps its order when the scripts were flushed while the gateway was connected', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startPublisher(t, redis.url)
  for (const channel of ['news', 'kept:news']) {
    await broker.subscribe(channelTopic(channel))
    for (let round = 0; round < 5; round++) {
      await redis.cli('SCRIPT', 'FLUSH')
      t.match(await broker.publish(mixed(channel, 8)), Array(8).fill({ receivers: 1 }))
      t.same(
        (await recorder.messages.take(8)).map(({ data }) => Number(data)),
        numbers(8),
        channel,
      )
    }
  }
})

t.test('frames on a WebSocket keep their order when the scripts were flushed', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const listener = await openNdjson(t, `${url}/channels/news/events`)
  const socket = await openWebSocket(t, `${url}/ws`)
  for (let round = 0; round < 10; round++) {
    await redis.cli('SCRIPT', 'FLUSH')
    for (const n of numbers(6)) {
      const key = n % 2 === 1 ? { idempotency_key: `r${round}-${n}` } : {}
      socket.send({ type: 'publish', channel: 'news', data: `${n}`, ...key })
    }
    const heard = (await listener.take(6)) as { data: string }[]
    t.same(
      heard.map(({ data }) => Number(data)),
      numbers(6),
    )
  }
})

/** Where numbers that should count from 1 do not, with those around it. */
function firstOutOfPlace(heard: readonly number[]): string | undefined {
  const at = heard.findIndex((n, i) => n !== i + 1)
  return at === -1 ? undefined : `… ${heard.slice(Math.max(0, at - 2), at + 4).join(' ')} …`
}

/** Publishes from two gateways at once, over many ticks, while the scripts are flushed again and again. */
async function publishWhileFlushing(t: Test, nodes: readonly RedisServer[], url: string) {
  const one = await startPublisher(t, url)
  const other = await startPublisher(t, url)
  for (const channel of ['news', 'kept:news']) {
    await one.broker.subscribe(channelTopic(channel))
    let isOver = false
    const flushing = (async () => {
      while (!isOver) for (const { cli } of nodes) await cli('SCRIPT', 'FLUSH')
    })()
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 60; i++) {
      sent.push(one.broker.publish(mixed(channel, 50, 1 + i * 50)))
      sent.push(other.broker.publish(mixed(channel, 1, -1 - i)))
      await new Promise(setImmediate)
    }
    const results = (await Promise.all(sent)).flat()
    isOver = true
    await flushing
    t.same(
      results.filter(result => 'problem' in (result as object)),
      [],
      'each is published',
    )
    const heard = (await one.recorder.messages.take(3060)).map(({ data }) => Number(data))
    t.equal(firstOutOfPlace(heard.filter(n => n > 0)), undefined, `${channel}: in order, and each once`)
    t.equal(firstOutOfPlace(heard.filter(n => n < 0).map(Math.abs)), undefined, `${channel}: those of the other, too`)
  }
}

t.test('two gateways keep the order of each while scripts are flushed all the time', async t => {
  const redis = await startRedis(t)
  await publishWhileFlushing(t, [redis], redis.url)
  t.equal(await callsOf(redis, 'xadd'), 3060, 'nothing was kept twice')
})

t.test('a user without the right to load scripts or to look at its connection keeps the order, too', async t => {
  const redis = await startRedis(t)
  for (const rules of [['-script'], ['-client|info'], ['-client', '-script', '-evalsha']]) {
    await redis.cli('ACL', 'SETUSER', 'gateway', 'reset', 'on', '>secret', 'allkeys', 'allchannels', '+@all', ...rules)
    await publishWhileFlushing(t, [redis], redis.url.replace('//', '//gateway:secret@'))
  }
})

t.test('behind Sentinels, where a plain publish is a script as well', async t => {
  const sentinels = await SentinelTopology.start(t, new Signal())
  const master = sentinels.node(await sentinels.master())
  await publishWhileFlushing(t, [master], sentinels.url())
})

t.test('in a Cluster, where each node has its own scripts', async t => {
  const cluster = await RedisCluster.start(t)
  await publishWhileFlushing(t, cluster.nodes, cluster.url())
})
