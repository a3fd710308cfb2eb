import { freePort } from './ports.js'
import { type RedisServer, startRedis } from './redis.js'
import { until } from './until.js'

interface Scope {
  teardown(handler: () => unknown): void
}

/** How long a node may be silent before the others replace it. */
const NODE_TIMEOUT_MS = 1500
const SLOTS = 16_384

/** Three masters, each with a replica: real servers on free ports, that end with the test. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[]

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  static async start(scope: Scope): Promise<RedisCluster> {
    const buses: number[] = []
    const nodes = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const bus = await freePort()
        buses[i] = bus
        const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`]
        const quick = ['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`, '--cluster-replica-validity-factor', '0']
        return startRedis(scope, { args: [...cluster, ...quick, '--repl-diskless-sync-delay', '0'] })
      }),
    )
    const cluster = new RedisCluster(nodes)
    await cluster.#join(buses)
    return cluster
  }

  /** `REDIS_URL`; the node in question comes first. */
  url(first = 0): string {
    const nodes = [...this.nodes.slice(first), ...this.nodes.slice(0, first)]
    return `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** The node that serves the slot now, as the given one sees it. */
  async ownerOf(slot: number, asked = this.#running()): Promise<RedisServer> {
    for (const [from, to, node] of await slotsOf(asked)) {
      const owner = from <= slot && slot <= to && this.nodes.find(({ port }) => port === node)
      if (owner) return owner
    }
    throw new Error(`nobody serves slot ${slot}`)
  }

  /** A replica of the master that is in step with it. */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    const id = await master.cli('CLUSTER', 'MYID')
    const lines = (await master.cli('CLUSTER', 'REPLICAS', id)).split('\n')
    const port = Number(/:(\d+)@/.exec(lines[0] ?? '')?.[1])
    const replica = this.nodes.find(node => node.port === port)
    if (!replica) throw new Error(`the node at ${master.port} has no replica`)
    return replica
  }

  /** Moves a slot with its keys, as `redis-cli --cluster reshard` does. `meanwhile` runs when it is on its way. */
  async moveSlot(slot: number, to: RedisServer, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    const from = await this.ownerOf(slot)
    const [source, target] = await Promise.all([from.cli('CLUSTER', 'MYID'), to.cli('CLUSTER', 'MYID')])
    await to.cli('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', source)
    await from.cli('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', target)
    await meanwhile()
    for (;;) {
      const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', `${slot}`, '100')).split('\n').filter(key => key !== '')
      if (keys.length === 0) break
      for (const key of keys) await from.cli('MIGRATE', '127.0.0.1', `${to.port}`, key, '0', '5000')
      await meanwhile()
    }
    for (const node of [to, from]) await node.cli('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)
  }

  /** All nodes that run see the same, and every slot is served. */
  async settled(): Promise<void> {
    const running = this.nodes.filter(isRunning)
    await until(async () => {
      const views = await Promise.all(running.map(async node => JSON.stringify(await slotsOf(node))))
      const infos = await Promise.all(running.map(({ cli }) => cli('CLUSTER', 'INFO')))
      return infos.every(info => info.includes('cluster_state:ok')) && new Set(views).size === 1
    }, 'the Cluster is settled')
  }

  #running(): RedisServer {
    const node = this.nodes.find(isRunning)
    if (!node) throw new Error('no node runs')
    return node
  }

  async #join(buses: readonly number[]): Promise<void> {
    const [first, ...others] = this.nodes
    if (!first) return
    for (const [i, { cli }] of this.nodes.entries()) await cli('CLUSTER', 'SET-CONFIG-EPOCH', `${i + 1}`)
    for (const [i, node] of this.nodes.slice(0, 3).entries()) {
      const [from, to] = [Math.ceil((SLOTS * i) / 3), Math.ceil((SLOTS * (i + 1)) / 3) - 1]
      await node.cli('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`)
    }
    for (const [i, { port }] of others.entries())
      await first.cli('CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${buses[i + 1]}`)
    await until(async () => {
      const views = await Promise.all(this.nodes.map(({ cli }) => cli('CLUSTER', 'NODES')))
      return views.every(view => view.split('\n').length === 6 && !/handshake|disconnected/.test(view))
    }, 'the nodes know each other')
    for (const [i, replica] of this.nodes.slice(3).entries()) {
      const id = await this.nodes[i]?.cli('CLUSTER', 'MYID')
      await until(async () => (await replica.cli('CLUSTER', 'REPLICATE', id ?? '')) === 'OK', 'a node became a replica')
    }
    await until(async () => {
      const infos = await Promise.all(this.nodes.slice(3).map(({ cli }) => cli('INFO', 'replication')))
      const views = await Promise.all(this.nodes.map(slotsOf))
      return (
        infos.every(info => info.includes('master_link_status:up')) &&
        views.every(ranges => ranges.length === 3 && ranges.every(([, , , replica]) => replica !== undefined))
      )
    }, 'every master has its replica')
    await this.settled()
  }
}

const isRunning = ({ process }: RedisServer): boolean => process.exitCode === null && process.signalCode === null

type Range = readonly [from: number, to: number, master: number, replica?: number]

/** Who serves what, by their ports. */
async function slotsOf({ cli }: RedisServer): Promise<Range[]> {
  const lines = (await cli('CLUSTER', 'NODES')).split('\n').map(line => line.split(' '))
  const portOf = (address = '') => Number(/:(\d+)@/.exec(address)?.[1])
  return lines
    .flatMap(([id, address, flags = '', , , , , , ...ranges]) =>
      flags.includes('master') && !flags.includes('fail')
        ? ranges
            .filter(range => !range.startsWith('['))
            .map((range): Range => {
              const [from, to = from] = range.split('-').map(Number)
              const replica = lines.find(([, , flags = '', master]) => master === id && !flags.includes('fail'))
              return [from ?? 0, to ?? 0, portOf(address), ...(replica ? [portOf(replica[1])] : [])] as unknown as Range // by its length
            })
        : [],
    )
    .sort(([a], [b]) => a - b)
}
