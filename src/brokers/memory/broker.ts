import { defaultConfig } from '../../config/config.js'
import { encodeId } from '../../messages/cursor.js'
import { coveredBy } from '../../messages/glob-cover.js'
import { Message, type Publication } from '../../messages/message.js'
import { isReservedChannel } from '../../messages/names.js'
import type { Topic } from '../../messages/topic.js'
import type { Published, PublishResult } from '../../protocol/publish-result.js'
import type { Broker, BrokerListener, ListenerCounts } from '../broker.js'
import { HistoryRules } from '../history-rules.js'
import { MemoryEphemeralStore } from './ephemeral-store.js'
import { MemoryHistory } from './history.js'
import { MemoryOutcomes } from './outcomes.js'

export interface MemoryBrokerOptions {
  /** Which channels have a history; none by default. */
  readonly history?: HistoryRules
  /** How long an idempotency key is remembered. */
  readonly idempotencySeconds?: number
  readonly now?: () => number
}

/**
 * The embedded broker: the behaviour of one Redis with this gateway as its only client, in this
 * process. It is always available and loses nothing but what a restart of the process loses.
 */
export class MemoryBroker implements Broker {
  readonly unavailable = undefined
  readonly hasPatterns = true
  readonly ephemeralStore = new MemoryEphemeralStore()
  readonly history: MemoryHistory | undefined
  readonly #channels = new Set<string>()
  readonly #patterns = new Set<string>()
  readonly #outcomes: MemoryOutcomes
  #listener: BrokerListener | undefined

  constructor({
    history = new HistoryRules([]),
    idempotencySeconds = defaultConfig.IDEMPOTENCY_SECONDS,
    now = Date.now,
  }: MemoryBrokerOptions = {}) {
    this.#outcomes = new MemoryOutcomes(idempotencySeconds, now)
    if (!history.isEmpty) this.history = new MemoryHistory(history, now)
  }

  start(listener: BrokerListener): void {
    this.#listener = listener
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return Promise.resolve(publications.map(publication => this.#publish(publication)))
  }

  subscribe(topic: Topic): Promise<void> {
    this.#namesOf(topic).add(topic.name)
    // Not before the caller has the promise in its hands, as with a broker over a network.
    return Promise.resolve().then(() => this.#listener?.live(topic))
  }

  unsubscribe(topic: Topic): void {
    this.#namesOf(topic).delete(topic.name)
  }

  channels(glob: string): Promise<string[]> {
    return Promise.resolve([...this.#channels].filter(name => coveredBy(name)(glob)))
  }

  subscriberCounts(channels: readonly string[]): Promise<number[]> {
    return Promise.resolve(channels.map(name => (this.#channels.has(name) ? 1 : 0)))
  }

  patternCount(): Promise<number> {
    return Promise.resolve(this.#patterns.size)
  }

  async listenerCounts(channels: readonly string[]): Promise<ListenerCounts> {
    return { counts: (await this.#listener?.countListeners(channels)) ?? [], unanswered: 0 }
  }

  close(): Promise<void> {
    this.#channels.clear()
    this.#patterns.clear()
    this.history?.close()
    this.ephemeralStore.close()
    return Promise.resolve()
  }

  #publish(publication: Publication): PublishResult {
    const { channel, idempotency } = publication
    if (!idempotency) return this.#execute(publication)
    return this.#outcomes.once(channel, idempotency, () => this.#execute(publication))
  }

  #execute(publication: Publication): Published {
    const { channel, data, event } = publication
    const rule = this.history?.ruleOf(channel)
    if (!this.history || !rule) return { receivers: this.#dispatch(new Message(publication)) }
    const position = this.history.append(publication, rule)
    const receivers = this.#dispatch(new Message({ channel, data, event, position }))
    return { receivers, id: encodeId(channel, position) }
  }

  #dispatch(message: Message): number {
    if (isReservedChannel(message.channel)) return 0 // nobody listens there, and no pattern may
    let receivers = 0
    if (this.#channels.has(message.channel)) {
      this.#listener?.message(message)
      receivers++
    }
    if (this.#patterns.size === 0) return receivers
    const isCoveredBy = coveredBy(message.channel)
    for (const pattern of this.#patterns) {
      if (!isCoveredBy(pattern)) continue
      this.#listener?.message(message, pattern)
      receivers++
    }
    return receivers
  }

  #namesOf({ kind }: Topic): Set<string> {
    return kind === 'channel' ? this.#channels : this.#patterns
  }
}
