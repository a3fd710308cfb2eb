import type { Redis } from 'ioredis'
import t from 'tap'
import { BusFence } from '../../../src/brokers/redis/cluster/bus-fence.js'
import type { Connection } from '../../../src/brokers/redis/connection/connection.js'
import { until } from '../../support/until.js'

const FOR_EVER = 60_000

/** As much of a connection as a fence needs. What is published there waits for the test. */
class Node {
  readonly marks: string[] = []
  isUp = true
  readonly redis = {
    publish: async (_channel: string, mark: string) => {
      this.marks.push(mark)
      return 1
    },
  }

  static asConnections = (...nodes: readonly unknown[]) => nodes as readonly Connection[] // see above
}

const asked: string[] = []
const listening = { subscribe: async (channel: string) => asked.push(channel) } as unknown as Redis // see above

t.test('is passed when a mark of each node has come', async t => {
  const fence = new BusFence('gw')
  const nodes = [new Node(), new Node()] as const
  let isPassed = false
  const passed = fence.pass(listening, Node.asConnections(...nodes), FOR_EVER).then(() => {
    isPassed = true
  })
  await until(() => nodes.every(({ marks }) => marks.length === 1), 'both nodes were asked')
  t.same(asked, ['carillon:fence:gw'])
  fence.hear('another mark')
  fence.hear(nodes[0].marks[0] ?? '')
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(isPassed, 'the mark of the second node has not come')
  fence.hear(nodes[1].marks[0] ?? '')
  await passed
})

t.test('waits for a node that is away', async t => {
  const fence = new BusFence('gw')
  const node = new Node()
  node.isUp = false
  const passed = fence.pass(listening, Node.asConnections(node), FOR_EVER)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(node.marks, [])
  node.isUp = true
  await until(() => node.marks.length === 1, 'it was asked')
  fence.hear(node.marks[0] ?? '')
  await passed
})

t.test('does not wait longer than it may, nor for a node that refuses', async t => {
  const fence = new BusFence('gw')
  const away = new Node()
  away.isUp = false
  await fence.pass(listening, Node.asConnections(away, new Node()), 50)
  const refusing = { isUp: true, redis: { publish: () => Promise.reject(new Error('NOPERM')) } }
  await fence.pass(listening, Node.asConnections(refusing), FOR_EVER)
  t.pass('both came to an end')
})
