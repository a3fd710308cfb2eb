import type { CatchUpQueue, Gate } from '../history/client-catch-up.js'
import { joinIds } from '../messages/cursor.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import type { GapReason } from '../protocol/gap.js'
import { FanoutGroup } from './fanout-group.js'
import type { FlushScheduler } from './flush-scheduler.js'

export interface ClientQueueOptions {
  /** Takes so many messages, and calls `onLimit` with the last. */
  readonly limit?: number | undefined
  readonly onLimit?: () => void
  /** A message that matches several of its topics comes by each of them, as from Redis itself. */
  readonly everyCopy?: boolean
  /** One of several topics will not come back; without it that ends the client. */
  readonly onRefused?: (topic: Topic) => void
}

/**
 * The queue of one client that differs from its neighbours: it has several topics, wants only so
 * many messages, or is not yet where they are. It sees to it that a message which matches several
 * of its topics arrives once, unless each copy is wanted.
 */
export class ClientQueue extends FanoutGroup implements CatchUpQueue {
  readonly #onLimit: () => void
  readonly #onRefused: ((topic: Topic) => void) | undefined
  readonly #everyCopy: boolean
  #remaining: number
  /** The last message, and the topics by which it has come so far. */
  #last: { readonly message: Message; readonly topics: Set<Topic> } | undefined
  /** Of messages that are held back, whether each is a copy. */
  #noted: WeakMap<Message, boolean> | undefined
  /** The id up to which the client has each of its channels with a history; empty where it is not known yet. */
  readonly #ids = new Map<string, string>()
  readonly #gates = new Map<Topic, Gate>()

  constructor(format: Format, scheduler: FlushScheduler, options: ClientQueueOptions = {}) {
    super(format, scheduler)
    const { limit = Number.POSITIVE_INFINITY, onLimit = () => {}, everyCopy = false, onRefused } = options
    this.#remaining = limit
    this.#onLimit = onLimit
    this.#everyCopy = everyCopy
    this.#onRefused = onRefused
  }

  /** Where the client stands on its channels that have a history, as far as it is known. */
  get cursor(): string | undefined {
    const known = [...this.#ids].filter(([, id]) => id !== '')
    return known.length > 0 ? joinIds(new Map(known)) : undefined
  }

  /** The topic is a channel with a history. What comes by it is whole, as soon as the gate is gone. */
  follow(topic: Topic, gate?: Gate): void {
    this.#ids.set(topic.name, '')
    if (gate) this.#gates.set(topic, gate)
  }

  /** The client has everything up to the id. */
  place(topic: Topic, id: string): void {
    if (this.#ids.has(topic.name)) this.#ids.set(topic.name, id)
  }

  /** The client is up to date: from now on messages pass. */
  openGate(topic: Topic): void {
    this.#gates.delete(topic)
  }

  leaveTopic(topic: Topic): void {
    if (topic.kind === 'channel') this.#ids.delete(topic.name)
    this.#gates.delete(topic)
  }

  override refuse(topic: Topic, gap?: string): void {
    if (this.#onRefused) this.#onRefused(topic)
    else super.refuse(topic, gap)
  }

  override note(message: Message, topic: Topic): void {
    this.#noted ??= new WeakMap()
    this.#noted.set(message, this.#isCopy(message, topic))
  }

  override knows(message: Message): boolean {
    return this.#noted?.has(message) ?? false
  }

  override tell(reason: GapReason, topic: Topic, data: string): void {
    if (this.#gates.get(topic)?.concerns(reason) ?? true) super.tell(reason, topic, data)
  }

  override deliver(message: Message, topic: Topic): void {
    if (message.position && this.#ids.has(message.channel)) {
      // It comes by the channel, where none is missing; by a pattern it may come too early.
      if (topic.kind === 'pattern') return
    } else if (!this.#everyCopy && (this.#noted?.get(message) ?? this.#isCopy(message, topic))) {
      return
    }
    const gate = this.#gates.get(topic)
    if (gate) gate.take(message)
    else this.pass(message, topic)
  }

  /** Lets out a message that is due and no copy. */
  pass(message: Message, topic: Topic): void {
    if (this.#remaining === 0) return
    this.#remaining--
    if (message.position && this.#ids.has(message.channel)) this.#ids.set(message.channel, message.id ?? '')
    if (this.format.prefix) this.push(this.format.prefix(this.cursor))
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
      message.hasBytesOf(last.message)
    if (isCopy) last.topics.add(topic)
    else this.#last = { message, topics: new Set([topic]) }
    return isCopy
  }
}
