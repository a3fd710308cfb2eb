import { setImmediate } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Publication } from '../../../messages/message.js'
import { type Topic, topicKey } from '../../../messages/topic.js'
import type { PublishResult } from '../../../protocol/publish-result.js'
import { type Deferred, deferred } from '../../../support/deferred.js'
import { SubscribeRefused } from '../../broker.js'
import type { Lineage } from '../commands/lineage.js'
import { Connection } from '../connection/connection.js'
import { Subscriptions } from '../subscriptions.js'
import type { Topology, TopologyEvents } from '../topology.js'
import { sumCounts, uniqueNames } from './answers.js'
import { ClusterNodes, type ClusterSettings } from './nodes.js'
import { nodeKey, slotOf } from './slots.js'

/** A topic and the node at which it is subscribed now. */
interface Placed {
  readonly topic: Topic
  readonly names: readonly string[]
  readonly slot: number
  readonly subscribed: Deferred
  at: string | undefined
}

interface ListeningNode {
  readonly connection: Connection
  readonly subscriptions: Subscriptions
}

/**
 * A Cluster with sharded Pub/Sub (Redis 7): a channel lives on the node that owns its slot, and
 * only there. So each master has a connection that listens, and each topic is placed at the
 * owner of its slot; when the slot moves, the topic moves behind it, with a gap.
 */
export class ShardedCluster implements Topology {
  readonly #settings: ClusterSettings
  readonly #events: TopologyEvents
  readonly #nodes: ClusterNodes
  readonly #listening = new Map<string, ListeningNode>()
  readonly #placed = new Map<string, Placed>()
  #retry: NodeJS.Timeout | undefined

  constructor(settings: ClusterSettings, events: TopologyEvents) {
    this.#settings = settings
    this.#events = events
    this.#nodes = new ClusterNodes(settings, { changed: () => this.#rearrange() })
  }

  get unavailable(): string | undefined {
    const listening = [...this.#listening.values()].map(({ connection }) => connection.unavailableReason)
    return this.#nodes.unavailableReason ?? listening.find(unavailableReason => unavailableReason !== undefined)
  }

  start(): void {
    this.#nodes.start()
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return this.#nodes.publishAtOwners(publications)
  }

  subscribe(topic: Topic, names: readonly string[]): Promise<void> {
    if (topic.kind === 'pattern')
      return Promise.reject(new SubscribeRefused('there are no patterns in sharded Pub/Sub'))
    const placed: Placed = { topic, names, slot: slotOf(topic.name), subscribed: deferred(), at: undefined }
    this.#placed.set(topicKey(topic), placed)
    this.#place(placed)
    return placed.subscribed.promise
  }

  unsubscribe(topic: Topic): void {
    const placed = this.#placed.get(topicKey(topic))
    this.#placed.delete(topicKey(topic))
    if (placed?.at !== undefined) this.#listening.get(placed.at)?.subscriptions.remove(topic)
  }

  async channels(glob: string): Promise<string[]> {
    return uniqueNames(await this.#nodes.askAll(({ redis }) => redis.pubsub('SHARDCHANNELS', glob)))
  }

  async subscriberCounts(names: readonly string[]): Promise<number[]> {
    if (names.length === 0) return []
    return sumCounts(names, await this.#nodes.askAll(({ redis }) => redis.pubsub('SHARDNUMSUB', ...names)))
  }

  /** There are none in sharded Pub/Sub. */
  patternCount(): Promise<number> {
    return Promise.resolve(0)
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
    clearTimeout(this.#retry)
    await setImmediate() // what was handed over in this turn is on its way then, and QUIT goes behind it
    await Promise.all([
      this.#nodes.close(),
      ...[...this.#listening.values()].map(({ connection }) => connection.close()),
    ])
  }

  /** Puts every topic where its slot is now. */
  #rearrange(): void {
    for (const placed of this.#placed.values()) this.#place(placed)
    const used = new Set(this.#nodes.masters().map(({ node }) => nodeKey(node)))
    for (const [key, { connection }] of this.#listening) {
      if (used.has(key)) continue
      this.#listening.delete(key)
      void connection.close()
    }
  }

  #place(placed: Placed): void {
    const owner = this.#nodes.ownerOf(placed.slot)
    const key = owner && nodeKey(owner.node)
    if (key === undefined || key === placed.at) return
    const { topic, names } = placed
    if (placed.at !== undefined) {
      this.#listening.get(placed.at)?.subscriptions.remove(topic)
      this.#events.lost('redis_slot_moved', { topics: [topic], since: this.#nodes.confirmedAt })
    }
    placed.at = key
    const { subscriptions } = this.#listening.get(key) ?? this.#listen(key)
    subscriptions.add(topic, names).then(placed.subscribed.resolve, placed.subscribed.reject)
  }

  #listen(key: string): ListeningNode {
    const { targetAt, timeout, gatewayId, log, statistics } = this.#settings
    const owner = this.#nodes.masters().find(({ node }) => nodeKey(node) === key)
    if (!owner) throw new Error('only masters own slots')
    const connection = new Connection(
      {
        target: targetAt(owner.node),
        timeout,
        anyRole: true,
        name: `carillon:subscriber:${gatewayId}`,
        log,
        statistics,
      },
      {
        up: () => subscriptions.connected(),
        down: since => {
          subscriptions.disconnected()
          this.#events.lost('redis_connection_lost', { topics: this.#topicsAt(key), since })
          void this.#nodes.refresh()
        },
      },
    )
    const subscriptions = new Subscriptions(
      connection.redis,
      {
        live: topic => this.#events.live(topic),
        refused: topic => this.#events.refused(topic),
        misplaced: topic => this.#misplaced(topic),
      },
      { sharded: true },
    )
    connection.redis.on('smessageBuffer', (channel: Buffer, data: Buffer) =>
      this.#events.message(channel.toString(), data),
    )
    // Redis has dropped subscriptions by itself, as their slot left; ioredis does not say which.
    connection.redis.on('moved', () => void this.#nodes.refresh(key).then(() => subscriptions.askAgain()))
    const listening = { connection, subscriptions }
    this.#listening.set(key, listening)
    connection.connect()
    return listening
  }

  /** The node does not own the slot any more. The new owner is looked up now or a little later. */
  #misplaced(topic: Topic): void {
    const placed = this.#placed.get(topicKey(topic))
    if (!placed) return
    this.#events.lost('redis_slot_moved', { topics: [topic], since: this.#nodes.confirmedAt })
    placed.at = undefined
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      void this.#nodes.refresh().then(() => this.#rearrange())
    }, RETRY_MS)
  }

  #topicsAt(key: string): Topic[] {
    return [...this.#placed.values()].filter(({ at }) => at === key).map(({ topic }) => topic)
  }
}

const RETRY_MS = 100
