import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster } from 'ioredis'
import { freePort } from '../../support/ports.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { MonitorObserver } from './monitor-observer.js'
import { type AnyObserver, Observer } from './observer.js'
import type { Scope } from './scope.js'
import { poll, type Signal } from './signal.js'
import type { Native, Topology } from './topology.js'

const MASTERS = 3
const NODE_TIMEOUT_MS = 2000

/** One node, always at the same ports and with the same files, while its process may come and go. */
export interface ClusterNode {
  readonly port: number
  readonly busPort: number
  readonly dir: string
  server: RedisServer
}

/** Three masters, a replica for each, and no proxies between. */
export class ClusterTopology implements Topology {
  readonly sharded: boolean
  readonly observers: AnyObserver[] = []
  readonly nodes: ClusterNode[] = []
  readonly #scope: Scope
  #native: Native | undefined

  private constructor(scope: Scope, sharded: boolean) {
    this.#scope = scope
    this.sharded = sharded
  }

  static async start(scope: Scope, signal: Signal, sharded: boolean): Promise<ClusterTopology> {
    const topology = new ClusterTopology(scope, sharded)
    for (let i = 0; i < MASTERS * 2; i++) await topology.#addNode()
    const [first] = topology.nodes
    const addresses = topology.nodes.map(({ port }) => `127.0.0.1:${port}`)
    await first?.server.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes')
    if (!(await poll(() => topology.isWhole(), 20_000))) throw new Error('the Cluster was not whole within 20 seconds')
    for (const { port } of topology.nodes)
      topology.observers.push(
        sharded
          ? await MonitorObserver.start(scope, nodeName(port), port, signal)
          : await Observer.start(scope, nodeName(port), port, signal),
      )
    return topology
  }

  url(): string {
    return `redis+cluster://${this.nodes
      .slice(0, 3)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(',')}`
  }

  connect(): Native {
    const startup = this.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
    const cluster = new Cluster(startup, { slotsRefreshInterval: 500, clusterRetryStrategy: () => 100 })
    cluster.on('error', () => {}) // each publication has its outcome
    const { sharded } = this
    this.#native = {
      get status() {
        return cluster.status
      },
      publish: (channel, data) => (sharded ? cluster.spublish(channel, data) : cluster.publish(channel, data)),
      xrange: (key, from, to) => cluster.xrange(key, from, to),
      disconnect: () => cluster.disconnect(),
    }
    return this.#native
  }

  async isWell(): Promise<boolean> {
    return this.#native?.status === 'ready' && (await this.isWhole())
  }

  /** All nodes that run agree that every slot is served, and each replica follows its master. */
  async isWhole(): Promise<boolean> {
    const states = await Promise.all(this.nodes.map(node => this.#isWhole(node)))
    return states.every(whole => whole)
  }

  async masters(): Promise<ClusterNode[]> {
    const roles = await Promise.all(this.nodes.map(node => this.role(node)))
    return this.nodes.filter((_, i) => roles[i] === 'master')
  }

  async replicaOf(master: ClusterNode): Promise<ClusterNode> {
    const answers = await Promise.all(this.nodes.map(({ server }) => server.cli('ROLE').catch(() => '')))
    const replica = this.nodes.find((_, i) => new RegExp(`^slave\n.*\n${master.port}\n`).test(answers[i] ?? ''))
    if (!replica) throw new Error(`the master at ${master.port} has no replica`)
    return replica
  }

  async role({ server }: ClusterNode): Promise<string> {
    const answer = await server.cli('ROLE').catch(() => '')
    return answer.split('\n')[0] ?? ''
  }

  /** Resolves when that node is a master, and the others know it. */
  async untilMaster(node: ClusterNode): Promise<void> {
    const others = this.nodes.filter(other => other !== node)
    const known = await poll(async () => {
      const views = await Promise.all(others.map(({ server }) => server.cli('CLUSTER', 'NODES').catch(() => '')))
      return (
        (await this.role(node)) === 'master' &&
        views.every(view => view === '' || new RegExp(`:${node.port}@\\S+ master .* \\d+-\\d+`).test(view))
      )
    }, 20_000)
    if (!known) throw new Error('the Cluster did not fail over within 20 seconds')
  }

  /** Moves the slots of these channels that the master has, one after the other, in the steps of `redis-cli --cluster reshard`. */
  async moveSlotsOf(channels: readonly string[], from: ClusterNode, to: ClusterNode): Promise<number> {
    const [, low, high] = /myself,master .* (\d+)-(\d+)$/m.exec(await from.server.cli('CLUSTER', 'NODES')) ?? []
    const slots = await Promise.all(
      channels.map(async name => Number(await from.server.cli('CLUSTER', 'KEYSLOT', name))),
    )
    const own = slots.filter(slot => slot >= Number(low) && slot <= Number(high))
    const [source, target] = await Promise.all([from, to].map(({ server }) => server.cli('CLUSTER', 'MYID')))
    const others = (await this.masters()).filter(node => node !== from && node !== to)
    for (const slot of own) {
      const set = (node: ClusterNode, ...what: string[]) => node.server.cli('CLUSTER', 'SETSLOT', `${slot}`, ...what)
      await set(to, 'IMPORTING', source ?? '')
      await set(from, 'MIGRATING', target ?? '')
      for (const node of [to, from, ...others]) await set(node, 'NODE', target ?? '')
    }
    return own.length
  }

  /** Moves so many slots, with `redis-cli`. */
  async reshard(count: number, from: ClusterNode, to: ClusterNode): Promise<number> {
    const [source = '', target = ''] = await Promise.all([from, to].map(({ server }) => server.cli('CLUSTER', 'MYID')))
    const way = ['--cluster-from', source, '--cluster-to', target, '--cluster-slots', `${count}`, '--cluster-yes']
    await from.server.cli('--cluster', 'reshard', `127.0.0.1:${from.port}`, ...way)
    return count
  }

  async startNode(node: ClusterNode): Promise<void> {
    node.server = await this.#start(node)
  }

  async #isWhole({ server }: ClusterNode): Promise<boolean> {
    const [info = '', role = ''] = await Promise.all([server.cli('CLUSTER', 'INFO'), server.cli('ROLE')]).catch(
      () => [],
    )
    const whole = /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info)
    return whole && /cluster_known_nodes:6/.test(info) && (role.startsWith('master') || role.includes('\nconnected\n'))
  }

  async #addNode(): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'carillon-cluster-'))
    this.#scope.teardown(() => rm(dir, { recursive: true, force: true }))
    const at = { port: await freePort(), busPort: await freePort(), dir }
    this.nodes.push({ ...at, server: await this.#start(at) })
  }

  #start({ port, busPort, dir }: Omit<ClusterNode, 'server'>): Promise<RedisServer> {
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`]
    const quick = ['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`, '--repl-diskless-sync-delay', '0']
    return startRedis(this.#scope, { port, dir, args: [...cluster, ...quick] })
  }
}

const nodeName = (port: number): string => `redis:${port}`
