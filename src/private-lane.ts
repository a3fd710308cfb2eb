import type { Format } from './frames.js'
import { Lane } from './lane.js'
import type { Message } from './message.js'
import type { Outbox } from './outbox.js'
import { type Topic, topicKey, topicMatcher } from './topic.js'

/**
 * The lane of one client that differs from its neighbours: it has several topics, or wants only
 * so many messages. It sees to it that a message which matches several of its topics arrives once.
 */
export class PrivateLane extends Lane {
  readonly #live = new Map<string, { topic: Topic; covers: (channel: string) => boolean }>()
  readonly #onLimit: () => void
  #remaining: number

  constructor(format: Format, outbox: Outbox, limit = Number.POSITIVE_INFINITY, onLimit = () => {}) {
    super(format, outbox)
    this.#remaining = limit
    this.#onLimit = onLimit
  }

  /** Only a live topic stands in for others that cover the same channel. */
  override topicLive(topic: Topic): void {
    this.#live.set(topicKey(topic), { topic, covers: topicMatcher(topic) })
  }

  override topicLost(topic: Topic): void {
    this.#live.delete(topicKey(topic))
  }

  override deliver(message: Message, topic: Topic): void {
    if (this.#remaining === 0 || (this.#live.size > 1 && !this.#isFirst(topic, message.channel))) return
    this.#remaining--
    super.deliver(message, topic)
    if (this.#remaining === 0) {
      this.flush()
      this.#onLimit()
    }
  }

  /**
   * The broker hands over one copy for each topic that matches. The copy that counts is the one
   * of the channel itself, else of the oldest pattern that covers it.
   */
  #isFirst({ kind, name }: Topic, channel: string): boolean {
    if (kind === 'channel') return true
    if (this.#live.has(topicKey({ kind: 'channel', name: channel }))) return false
    for (const { topic, covers } of this.#live.values()) {
      if (topic.kind === 'pattern' && covers(channel)) return topic.name === name
    }
    return true
  }
}
