import type { Format } from './frames.js'
import { Lane } from './lane.js'
import type { Message } from './message.js'
import type { Outbox } from './outbox.js'
import type { Topic } from './topic.js'

export interface PrivateLaneOptions {
  /** Takes so many messages, and calls `onLimit` with the last. */
  readonly limit?: number | undefined
  readonly onLimit?: () => void
  /** One of several topics will not come back; without it that ends the client. */
  readonly onRefused?: (topic: Topic) => void
}

/**
 * The lane of one client that differs from its neighbours: it has several topics, or wants only
 * so many messages. It sees to it that a message which matches several of its topics arrives once.
 */
export class PrivateLane extends Lane {
  readonly #onLimit: () => void
  readonly #onRefused: ((topic: Topic) => void) | undefined
  #remaining: number
  /** The last message, and the topics by which it has come so far. */
  #last: { readonly message: Message; readonly topics: Set<Topic> } | undefined

  constructor(format: Format, outbox: Outbox, options: PrivateLaneOptions = {}) {
    super(format, outbox)
    const { limit = Number.POSITIVE_INFINITY, onLimit = () => {}, onRefused } = options
    this.#remaining = limit
    this.#onLimit = onLimit
    this.#onRefused = onRefused
  }

  override refuse(topic: Topic): void {
    if (this.#onRefused) this.#onRefused(topic)
    else super.refuse(topic)
  }

  override deliver(message: Message, topic: Topic): void {
    if (this.#remaining === 0 || this.#isCopy(message, topic)) return
    this.#remaining--
    super.deliver(message, topic)
    if (this.#remaining === 0) {
      this.flush()
      this.#onLimit()
    }
  }

  /** A topic was lost or given up: what comes next is no copy of what came by it. */
  override forget(): void {
    this.#last = undefined
  }

  /**
   * The broker hands over one copy for each topic that matches, one right after the other. A
   * message that comes by a topic by which the last one came is the next one, though it be equal.
   *
   *     news: a    n*: a  (copy)    news: a    n*: a  (copy)
   */
  #isCopy(message: Message, topic: Topic): boolean {
    const last = this.#last
    const isCopy =
      last !== undefined &&
      last.message.channel === message.channel &&
      !last.topics.has(topic) &&
      last.message.data.equals(message.data)
    if (isCopy) last.topics.add(topic)
    else this.#last = { message, topics: new Set([topic]) }
    return isCopy
  }
}
