import type { Redis } from 'ioredis'
import type { Publication } from '../../../messages/message.js'
import type { PublishResult } from '../../../protocol/publish-result.js'
import type { Logger } from '../../../telemetry/logger.js'
import type { Lineage } from '../commands/lineage.js'
import type { PublicationOptions } from '../commands/publish-command.js'
import type { Node } from '../connection/address.js'
import { Connection, type Target } from '../connection/connection.js'
import { isRefusal } from '../connection/optional.js'
import type { RedisStatistics } from '../connection/statistics.js'
import { Publisher } from '../publisher.js'
import { type ClusterNode, publishAtOwners } from './owners.js'
import { nodeKey, readSlots, type SlotMap, type SlotsReply, slotOf } from './slots.js'

export interface ClusterSettings {
  readonly seeds: readonly Node[]
  /** How to be let in at a node. */
  readonly targetAt: (node: Node) => Target
  readonly timeout: number
  readonly gatewayId: string
  readonly log: Logger
  readonly statistics: RedisStatistics
  readonly publishing: PublicationOptions
}

export interface ClusterNodesEvents {
  /** A refresh found another owner for a slot, or other nodes. */
  changed(): void
  /** The connection to a master died; as `ConnectionEvents.down`. */
  masterLost?(master: Node, lastConfirmedAt: number): void
}

/**
 * The nodes of a Cluster, with one connection to each that publishes and asks, and who owns which
 * slot. It reloads the slots every second, and at once when one has moved.
 */
export class ClusterNodes {
  readonly #settings: ClusterSettings
  readonly #events: ClusterNodesEvents
  readonly #nodes = new Map<string, ClusterNode>()
  readonly #timer: NodeJS.Timeout
  #slots: SlotMap = { masters: new Map(), replicas: new Map(), owners: [], isWhole: false }
  #confirmedAt = Date.now()
  #askedAt = Date.now()
  #refreshing: Promise<void> | undefined
  #isClosing = false
  /** Why no node reports the slots, for the operator. */
  #refusal: string | undefined

  constructor(settings: ClusterSettings, events: ClusterNodesEvents) {
    this.#settings = settings
    this.#events = events
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS).unref()
  }

  start(): void {
    for (const seed of this.#settings.seeds) this.#open(seed)
  }

  get unavailableReason(): string | undefined {
    if (this.#slots.masters.size === 0)
      return this.#firstUnavailableReason() ?? this.#refusal ?? 'the Cluster has not told yet who serves what'
    if (!this.#slots.isWhole) return 'no master serves some of the slots of the Cluster'
    return this.masters().every(({ connection }) => connection.isUp) ? undefined : this.#firstUnavailableReason()
  }

  /** When the slots were last seen as they were before they changed, in milliseconds since 1970. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  masters(): ClusterNode[] {
    return [...this.#slots.masters.keys()].flatMap(key => this.#nodes.get(key) ?? [])
  }

  /** Whether it belongs to the Cluster, as far as that is known. */
  has(node: Node): boolean {
    return this.#slots.masters.size === 0 || this.#nodes.has(nodeKey(node))
  }

  /** The addresses at which a master may be found, those that work first. */
  candidates(): Node[] {
    const masters = this.masters().sort((a, b) => Number(b.connection.isUp) - Number(a.connection.isUp))
    return masters.length > 0 ? masters.map(({ node }) => node) : [...this.#settings.seeds]
  }

  ownerOf(slot: number): ClusterNode | undefined {
    const key = this.#slots.owners[slot]
    return key === undefined ? undefined : this.#nodes.get(key)
  }

  clientForKey(key: string): Redis | undefined {
    const connection = this.ownerOf(slotOf(key))?.connection
    return connection?.isUp ? connection.redis : undefined
  }

  lineageOf(key: string): Lineage | undefined {
    return this.ownerOf(slotOf(key))?.connection.lineage
  }

  /** Asks every node, replicas too as far as they answer. Rejects when a master does not. */
  async askAll<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<Answer[]> {
    const replicas = [...this.#slots.replicas.keys()].flatMap(key => this.#nodes.get(key) ?? [])
    const asked = [...this.masters(), ...replicas.filter(({ connection }) => connection.isUp)]
    if (asked.length === 0) throw new Error('no node of the Cluster is known')
    return Promise.all(asked.map(({ connection }) => ask(connection)))
  }

  /** Publishes each at the owner of its slot. */
  publishAtOwners(publications: readonly Publication[]): Promise<PublishResult[]> {
    return publishAtOwners(this, publications, this.#settings.timeout / 2)
  }

  /** Asks who serves what: the given node if it can be asked, as it may know best, else any. */
  refresh(preferred?: string): Promise<void> {
    this.#refreshing ??= this.#refresh(preferred).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    await Promise.all([...this.#nodes.values()].map(({ connection }) => connection.close()))
  }

  async #refresh(preferred?: string): Promise<void> {
    const working = [...this.#nodes.values()].filter(({ connection }) => connection.isUp)
    const order = working.sort((a, b) => Number(nodeKey(b.node) === preferred) - Number(nodeKey(a.node) === preferred))
    for (const { node, connection } of order) {
      const reply = await connection.redis.cluster('SLOTS').catch((error: Error) => {
        if (isRefusal(error)) this.#refusal = 'Redis refuses CLUSTER SLOTS, without which the gateway finds no node'
      })
      if (!reply) continue
      this.#refusal = undefined
      this.#take(readSlots(reply as unknown as SlotsReply, node)) // as the command's documentation has it
      return
    }
  }

  #take(slots: SlotMap): void {
    if (this.#isClosing) return // nobody would close what it opens
    const before = this.#slots
    this.#slots = slots
    this.#confirmedAt = this.#askedAt
    this.#askedAt = Date.now()
    for (const node of [...slots.masters.values(), ...slots.replicas.values()]) this.#open(node)
    for (const [key, { connection }] of this.#nodes) {
      if (slots.masters.has(key) || slots.replicas.has(key) || slots.masters.size === 0) continue
      this.#nodes.delete(key)
      void connection.close()
    }
    const isKnown = (key: string) => before.masters.has(key) || before.replicas.has(key)
    const others = [...slots.masters.keys(), ...slots.replicas.keys()].some(key => !isKnown(key))
    const fewer = before.masters.size + before.replicas.size > slots.masters.size + slots.replicas.size
    if (others || fewer || slots.owners.some((owner, slot) => owner !== before.owners[slot])) this.#events.changed()
  }

  #open(node: Node): void {
    const key = nodeKey(node)
    if (this.#nodes.has(key)) return
    const { targetAt, timeout, gatewayId, log, statistics, publishing } = this.#settings
    const connection = new Connection(
      // Any role will do: the owner of a slot is told by the slots, and a replica refuses what is not its own.
      {
        target: targetAt(node),
        timeout,
        anyRole: true,
        name: `carillon:publisher:${gatewayId}`,
        hasHistory: publishing.history !== undefined,
        log,
        statistics,
      },
      { up: () => void this.refresh(key), down: lastConfirmedAt => void this.#down(key, lastConfirmedAt) },
    )
    this.#nodes.set(key, { node, connection, publisher: new Publisher(connection, log, publishing) })
    connection.connect()
  }

  async #down(key: string, lastConfirmedAt: number): Promise<void> {
    if (this.#isClosing) return
    const tell = (): boolean => {
      const master = this.#nodes.has(key) ? this.#slots.masters.get(key) : undefined
      if (master) this.#events.masterLost?.(master, lastConfirmedAt)
      return master !== undefined
    }
    // One that became a master a moment ago is not known as one yet. The others name it until somebody has taken over.
    const isTold = tell()
    await this.refresh()
    if (!isTold) tell()
  }

  #firstUnavailableReason(): string | undefined {
    return [...this.#nodes.values()].find(({ connection }) => connection.unavailableReason)?.connection
      .unavailableReason
  }
}

const REFRESH_MS = 1000
