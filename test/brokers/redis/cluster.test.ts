import t, { type Test } from 'tap'
import { RedisBroker } from '../../../src/brokers/redis/broker.js'
import { ClusterNodes } from '../../../src/brokers/redis/cluster/nodes.js'
import { slotOf } from '../../../src/brokers/redis/cluster/slots.js'
import { RedisStatistics } from '../../../src/brokers/redis/connection/statistics.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { openSse, openWebSocket } from '../../support/clients.js'
import { RedisCluster } from '../../support/cluster.js'
import { Flow } from '../../support/flow.js'
import { build, untilReady } from '../../support/gateway.js'
import { fetchProblem } from '../../support/problems.js'
import { connectNative } from '../../support/redis-broker.js'
import { until } from '../../support/until.js'

const cluster = await RedisCluster.start(t)

async function startGateway(t: Test, sharded: boolean, first = 0) {
  const broker = new RedisBroker({ url: cluster.url(first), timeout: 900, sharded }, silentLogger)
  const { url } = await build(t, { broker, config: { HEARTBEAT_SECONDS: 1 } })
  await untilReady(url)
  const publish = (channel: string, body: string) => fetch(`${url}/channels/${channel}`, { method: 'POST', body })
  return { url, broker, publish }
}

/** Names of channels, the same number of them at each master. */
const channels = Array.from({ length: 300 }, (_, i) => `room-${i}`)
const spread = [0, 1, 2].flatMap(third =>
  channels.filter(name => Math.floor((slotOf(name) * 3) / 16_384) === third).slice(0, 4),
)

t.test('an answer during close opens no further connections', async t => {
  const [seed] = cluster.nodes
  if (!seed) throw new Error('a Cluster has nodes')
  const opened: number[] = []
  const targetAt = ({ host, port }: { host: string; port: number }) => {
    opened.push(port)
    return { host, port }
  }
  const seeds = [{ host: '127.0.0.1', port: seed.port }]
  const common = { timeout: 900, gatewayId: 'gw', log: silentLogger, statistics: new RedisStatistics(), publishing: {} }
  const nodes = new ClusterNodes({ seeds, targetAt, ...common }, { changed: () => {} })
  nodes.start()
  // The seed is connected, and asked who serves what.
  while (nodes.unavailableReason !== 'the Cluster has not told yet who serves what') await new Promise(setImmediate)
  await nodes.close()
  t.same(opened, [seed.port])
})

t.test(
  'classic: a native PUBLISH at any node is heard, and a native subscriber at any node hears the bytes',
  async t => {
    const { url, publish } = await startGateway(t, false)
    const stream = await openSse(t, `${url}/channels/news/events`)
    for (const [i, { cli }] of cluster.nodes.entries()) {
      await cli('PUBLISH', 'news', `from ${i}`)
      t.equal((await stream.next()).data, `from ${i}`)
    }
    const heard = cluster.nodes.map(async node => {
      const native = connectNative(t, node)
      await native.subscribe('answers')
      return new Promise(resolve => native.once('message', (_channel, message) => resolve(message)))
    })
    await until(async () => {
      const counts = await Promise.all(cluster.nodes.map(({ cli }) => cli('PUBSUB', 'NUMSUB', 'answers')))
      return counts.every(count => count.endsWith('1'))
    }, 'all are subscribed')
    t.equal((await publish('answers', 'ä\r\n')).status, 200)
    t.same(await Promise.all(heard), Array(6).fill('ä\r\n'))
  },
)

t.test('sharded: a native SPUBLISH is heard, and a native SSUBSCRIBE hears the bytes', async t => {
  const { url, publish } = await startGateway(t, true)
  for (const channel of [spread[0], spread[4], spread[8]] as string[]) {
    const owner = await cluster.ownerOf(slotOf(channel))
    const stream = await openSse(t, `${url}/channels/${channel}/events`)
    await owner.cli('SPUBLISH', channel, 'native')
    t.equal((await stream.next()).data, 'native')
    const native = connectNative(t, owner)
    await native.ssubscribe(channel)
    const heard = new Promise(resolve => native.once('smessage', (_channel, message) => resolve(message)))
    const response = await publish(channel, 'ä\r\n')
    t.match(await response.json(), { receivers: 2 })
    t.equal(await heard, 'ä\r\n')
  }
})

t.test('sharded: patterns are refused, over HTTP and on the WebSocket', async t => {
  const { url } = await startGateway(t, true)
  await fetchProblem(t, await fetch(`${url}/events?pattern=x*`), 'patterns-unavailable')
  await fetchProblem(t, await fetch(`${url}/events?channel=a&pattern=x*`), 'patterns-unavailable')
  const client = await openWebSocket(t, `${url}/ws`)
  client.send({ type: 'subscribe', pattern: 'x*', ref: 1 })
  t.match(JSON.parse((await client.next()).data), { type: 'error', ref: 1, problem: { title: 'No patterns here' } })
  client.send({ type: 'subscribe', channel: 'x', ref: 2 })
  t.match(JSON.parse((await client.next()).data), { type: 'subscribed', ref: 2, channel: 'x' })
})

for (const [mode, sharded] of Object.entries({ classic: false, sharded: true }))
  t.test(`${mode}: counts over all nodes, exactly`, async t => {
    const gateways = [await startGateway(t, sharded, 0), await startGateway(t, sharded, 2)]
    for (const [i, { url }] of gateways.entries())
      for (const channel of [spread[0], spread[4], spread[8]])
        for (let n = 0; n < 2 + i; n++) await openSse(t, `${url}/channels/${channel}/events`)
    for (const { url } of gateways) {
      for (const channel of [spread[0], spread[4], spread[8]]) {
        const answer = await (await fetch(`${url}/channels/${channel}/subscribers`)).json()
        t.same(answer, { channel, subscribers: 2, listeners: 5 })
      }
      const { channels } = (await (await fetch(`${url}/channels?counts=true`)).json()) as { channels: unknown[] } // as the contract says
      t.same(
        channels,
        [spread[0], spread[4], spread[8]].sort().map(channel => ({ channel, subscribers: 2, listeners: 5 })),
      )
    }
  })

t.test('messages flow on while slots move and masters change', async t => {
  const flows: Flow[] = []
  for (const sharded of [false, true]) {
    const [from, to] = [await startGateway(t, sharded, 0), await startGateway(t, sharded, 1)]
    flows.push(await Flow.start(t, from.url, to.url, spread))
  }
  const heard = () => Promise.all(flows.map(flow => flow.untilHeard(20)))
  await heard()

  const moved = spread.filter((_, i) => i % 2 === 0)
  for (const channel of moved) {
    const slot = slotOf(channel)
    const owner = await cluster.ownerOf(slot)
    const others = []
    for (const node of cluster.nodes)
      if (node !== owner && (await node.cli('ROLE')).startsWith('master')) others.push(node)
    await cluster.moveSlot(slot, others[slot % 2] ?? owner)
  }
  await heard()
  await cluster.settled()
  t.same(flows[0]?.gaps, [], 'classic: a slot that moves is nothing to it')
  const told = new Set(flows[1]?.gaps.map(({ channel }) => channel))
  for (const channel of moved) t.ok(told.has(channel), `sharded: a gap on ${channel}, as it moved`)
  t.equal(told.size, moved.length, 'sharded: and on no other channel')

  const master = await cluster.ownerOf(slotOf(spread[5] ?? ''))
  const replica = await cluster.replicaOf(master)
  t.equal(await replica.cli('CLUSTER', 'FAILOVER'), 'OK')
  await until(async () => (await replica.cli('ROLE')).startsWith('master'), 'the replica took over')
  await heard()
  await cluster.settled()
  // Where the gateway listens is up to chance. It leaves a node that is no master any more, and says so.
  const left = flows[0]?.gaps.map(({ channel }) => channel).sort() ?? []
  t.same(
    left,
    left.length === 0 ? [] : [...spread].sort(),
    'classic: nor is a master that becomes a replica, or one gap on each channel if it listened there',
  )

  // It may have become a master a moment ago, and the gateway may not know it as one yet.
  const killed = await cluster.ownerOf(slotOf(spread[0] ?? ''))
  const heir = await cluster.replicaOf(killed)
  await killed.stop('SIGKILL')
  await until(async () => (await heir.cli('ROLE')).startsWith('master'), 'the replica took over', { seconds: 20 })
  await heard()
  const lost = () => new Set(flows[0]?.gaps.map(({ channel }) => channel))
  await until(
    () => lost().size === spread.length,
    'classic: a master that dies may take messages of any channel with it',
  )
  for (const [i, mode] of ['classic', 'sharded'].entries()) await t.test(mode, async t => flows[i]?.judge(t))
})
