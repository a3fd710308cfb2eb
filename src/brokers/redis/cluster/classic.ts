import { setImmediate } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import type { Redis } from 'ioredis'
import type { Publication } from '../../../messages/message.js'
import type { Topic } from '../../../messages/topic.js'
import type { PublishResult } from '../../../protocol/publish-result.js'
import type { Lineage } from '../commands/lineage.js'
import { nameOf } from '../commands/metadata.js'
import { leavesTraces, type PublicationOptions } from '../commands/publish-command.js'
import type { Node } from '../connection/address.js'
import { Connection } from '../connection/connection.js'
import { Subscriptions } from '../subscriptions.js'
import type { Topology, TopologyEvents } from '../topology.js'
import { sumCounts, uniqueNames } from './answers.js'
import { BusFence } from './bus-fence.js'
import { connectorTo } from './connector.js'
import { ClusterNodes, type ClusterSettings } from './nodes.js'
import { RecentNames } from './recent-names.js'
import { nodeKey } from './slots.js'

/**
 * A Cluster with classic Pub/Sub: what is published on one node reaches the subscribers of all
 * over the bus. So one connection listens, at any node, and one master takes what is published,
 * as long as it works; the others are only asked who listens there.
 *
 * A master that dies may take with it what it had executed and not yet sent over the bus.
 */
export class ClassicCluster implements Topology {
  readonly #nodes: ClusterNodes
  readonly #listening: Connection
  readonly #subscriptions: Subscriptions
  readonly #events: TopologyEvents
  readonly #publishing: PublicationOptions
  readonly #fence: BusFence
  readonly #patience: number
  /** Channels with publications at their owners that may still be on the bus. */
  readonly #ownedLately: RecentNames
  /** Where the listening connection is, or was last. */
  #at: Node | undefined
  #attempts = 0
  /** How often the listening connection has been made. */
  #entries = 0

  constructor(settings: ClusterSettings & { readonly tls?: ConnectionOptions | undefined }, events: TopologyEvents) {
    const { timeout, gatewayId, log, statistics, tls, seeds, targetAt, publishing } = settings
    this.#publishing = publishing
    this.#ownedLately = new RecentNames(Math.max(MIN_OWNED_MS, timeout))
    this.#events = events
    this.#fence = new BusFence(gatewayId)
    this.#patience = timeout * FENCE_SHARE
    this.#nodes = new ClusterNodes(settings, {
      changed: () => this.#leaveForeignNode(),
      masterLost: (master, since) => this.#masterLost(master, since),
    })
    const [seed] = seeds
    const next = () => {
      const nodes = this.#nodes.candidates()
      this.#at = nodes[this.#attempts++ % nodes.length] as Node // a URL of a Cluster has at least one host
      return this.#at
    }
    const target = { ...(seed && targetAt(seed)), Connector: connectorTo(next, timeout, tls) }
    this.#listening = new Connection(
      // Any role will do: what is published anywhere reaches replicas too. One that changes its role need not be left.
      { target, timeout, anyRole: true, name: `carillon:subscriber:${gatewayId}`, log, statistics },
      {
        up: () => void this.#enter(),
        down: since => {
          this.#subscriptions.disconnected()
          events.lost('redis_connection_lost', { since })
        },
      },
    )
    const { redis } = this.#listening
    this.#subscriptions = new Subscriptions(redis, events)
    redis.on('messageBuffer', (name: Buffer, data: Buffer) => {
      const channel = name.toString()
      if (channel === this.#fence.channel) this.#fence.hear(data.toString())
      else events.message(channel, data)
    })
    redis.on('pmessageBuffer', (pattern: string, channel: Buffer, data: Buffer) =>
      events.patternMessage(pattern, nameOf(channel), data),
    )
  }

  get unavailable(): string | undefined {
    return this.#nodes.unavailableReason ?? this.#listening.unavailableReason
  }

  start(): void {
    this.#nodes.start()
    this.#listening.connect()
  }

  /**
   * A publication that writes keys goes to their owner; all else to any master, as one message costs them all
   * the same. On one channel they may follow each other, and two nodes would not keep them in order.
   */
  async publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    for (const publication of publications)
      if (leavesTraces(publication, this.#publishing)) this.#ownedLately.add(publication.channel)
    const isOwned = publications.map(({ channel }) => this.#ownedLately.has(channel))
    const plain = publications.filter((_, i) => !isOwned[i])
    if (plain.length === publications.length) return this.#publishAnywhere(publications)
    const [ownedResults, plainResults] = await Promise.all([
      this.#nodes.publishAtOwners(publications.filter((_, i) => isOwned[i])),
      plain.length === 0 ? [] : this.#publishAnywhere(plain),
    ])
    const [owned, others] = [ownedResults.values(), plainResults.values()]
    return isOwned.map(it => (it ? owned : others).next().value ?? { problem: 'outcome-unknown' })
  }

  subscribe(topic: Topic, names: readonly string[]): Promise<void> {
    return this.#subscriptions.add(topic, names)
  }

  unsubscribe(topic: Topic): void {
    this.#subscriptions.remove(topic)
  }

  async channels(glob: string): Promise<string[]> {
    return uniqueNames(await this.#nodes.askAll(({ redis }) => redis.pubsub('CHANNELS', glob)))
  }

  async subscriberCounts(names: readonly string[]): Promise<number[]> {
    if (names.length === 0) return []
    return sumCounts(names, await this.#nodes.askAll(({ redis }) => redis.pubsub('NUMSUB', ...names)))
  }

  async patternCount(): Promise<number> {
    const counts = await this.#nodes.askAll(({ redis }) => redis.pubsub('NUMPAT'))
    return counts.reduce<number>((sum, count) => sum + Number(count), 0)
  }

  clientForKey(key: string): Redis | undefined {
    return this.#nodes.clientForKey(key)
  }

  lineageOf(key: string): Lineage | undefined {
    return this.#nodes.lineageOf(key)
  }

  refresh(): Promise<void> {
    return this.#nodes.refresh()
  }

  async close(): Promise<void> {
    await setImmediate() // what was handed over in this turn is on its way then, and QUIT goes behind it
    await Promise.all([this.#nodes.close(), this.#listening.close()])
  }

  /** The listening connection leads somewhere, perhaps to another node than before. */
  async #enter(): Promise<void> {
    const entry = ++this.#entries
    if (entry > 1) {
      const { redis } = this.#listening
      const nodes = this.#nodes.masters().map(({ connection }) => connection)
      await this.#fence.pass(redis, nodes, this.#patience).catch(() => {}) // refused or disconnected: the next line handles both
    }
    if (entry === this.#entries && this.#listening.isUp) this.#subscriptions.connected()
  }

  /** A node that left the Cluster gets no messages any more, and does not report that. */
  #leaveForeignNode(): void {
    if (this.#at && this.#listening.isUp && !this.#nodes.has(this.#at)) this.#listening.redis.disconnect(true)
  }

  #masterLost(master: Node, since: number): void {
    // Its own subscribers got the messages that it executed without the bus.
    if (this.#at && nodeKey(this.#at) === nodeKey(master)) return
    if (!this.#subscriptions.isConnected) return // all topics are lost already
    this.#events.lost('redis_node_lost', { since })
    for (const topic of this.#subscriptions.live()) this.#events.live(topic)
  }

  #publishAnywhere(publications: readonly Publication[]): Promise<PublishResult[]> {
    const master = this.#nodes.masters().find(({ connection }) => connection.isUp)
    if (master) return master.publisher.publish(publications)
    return Promise.resolve(publications.map(() => ({ problem: 'broker-unavailable' })))
  }
}

const MIN_OWNED_MS = 1000

/** The share of the timeout that a change of node waits for messages still on the bus. */
const FENCE_SHARE = 1 / 4
