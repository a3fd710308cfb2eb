import type { Broker, BrokerListener, Loss } from '../brokers/broker.js'
import type { PageQuery } from '../history/catch-up-limiter.js'
import type { ChannelSequencer } from '../history/channel-sequencer.js'
import { Histories, type HistoriesOptions } from '../history/histories.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import { type GapReason, gapData, type LossReason } from '../protocol/gap.js'
import { Counters } from '../telemetry/counters.js'
import type { Client } from './client.js'
import { FlushScheduler } from './flush-scheduler.js'
import { countListeners } from './listener-counts.js'
import { Subscription, type SubscriptionContext } from './subscription.js'

export interface HubOptions extends HistoriesOptions {
  readonly now?: () => number
  readonly counters?: Counters
}

/**
 * Brings the broker's messages to the clients of this gateway.
 *
 *     broker ─▶ hub.message ─▶ group.deliver ┄(end of tick)┄▶ subscriber.write ─▶ sink.write
 */
export class Hub implements BrokerListener {
  readonly scheduler: FlushScheduler
  readonly #broker: Broker
  readonly #context: SubscriptionContext
  readonly #channels = new Map<string, Subscription>()
  readonly #patterns = new Map<string, Subscription>()

  constructor(broker: Broker, options: HubOptions = {}) {
    const { now = Date.now, counters = new Counters(), ...limits } = options
    const { history } = broker
    this.scheduler = new FlushScheduler(counters)
    this.#broker = broker
    this.#context = {
      scheduler: this.scheduler,
      counters,
      now,
      histories: history && new Histories(history, limits),
    }
  }

  /** Topics that have clients here. */
  get size(): number {
    return this.#channels.size + this.#patterns.size
  }

  get hasPatterns(): boolean {
    return this.#broker.hasPatterns
  }

  /** The topic is a channel with a history. */
  hasHistory(topic: Topic): boolean {
    return this.#context.histories?.has(topic) ?? false
  }

  /** The sequencers of the channels that are live, by channel. */
  *sequencers(): Generator<[string, ChannelSequencer]> {
    for (const [channel, { sequencer, isLive }] of this.#channels) if (sequencer && isLive) yield [channel, sequencer]
  }

  /**
   * Adds the client to the topic. Resolves when the topic is live, rejects with `SubscribeRefused`;
   * messages may come before that. A caller that stops waiting calls `expectGap`. With a place to begin
   * from, the client gets what the history has from there, and then joins the others.
   */
  async subscribe(client: Client, topic: Topic, from?: PageQuery): Promise<void> {
    // A client that is cut by this flush may be the last one there, and then the subscription goes, too.
    client.group?.flush()
    this.#find(topic)?.flush(client)
    if (client.subscriber.closed) return
    const subscription = this.#find(topic) ?? this.#create(topic)
    await subscription.join(client, from)
  }

  unsubscribe(client: Client, topic: Topic): void {
    const subscription = this.#find(topic)
    if (!subscription) return
    subscription.leave(client)
    if (subscription.groups.size === 0) this.#drop(subscription)
  }

  /** The client counts on the topic although it is not live yet: what it misses until then is announced. */
  expectGap(client: Client, topic: Topic): void {
    this.#find(topic)?.expectGap(client)
  }

  /** Tells one client of a gap that is its own. */
  tellGap({ group, subscriber, format }: Client, topic: Topic, reason: GapReason): void {
    const { counters, now } = this.#context
    counters.gap(reason)
    group?.flush()
    subscriber.write(format.pack([format.control('gap', topic, gapData({ topic, until: now(), reason }))]))
  }

  /** The data of the `gap` that a client must get before it leaves the topic; undefined where it has missed nothing. */
  gapDue(client: Client, topic: Topic): string | undefined {
    return this.#find(topic)?.gapDue(client.format, client)
  }

  /**
   * The id up to which the client has the channel; what it has not got yet comes after it. Undefined
   * where there is no history, while the client is catching up, and where it is unknown.
   */
  locate(client: Client, topic: Topic): string | undefined {
    const subscription = this.#find(topic)
    const id = subscription?.idOf(client)
    if (id === undefined) return undefined
    subscription?.flush(client)
    client.group?.place(topic, id)
    return id
  }

  message(message: Message, pattern?: string): void {
    this.#context.counters.received++
    const subscription = pattern === undefined ? this.#channels.get(message.channel) : this.#patterns.get(pattern)
    subscription?.message(message) // without one it was unsubscribed, and the broker does not know it yet
  }

  live(topic: Topic): void {
    this.#find(topic)?.becomeLive()
  }

  lost(reason: LossReason, { since = this.#context.now(), topics }: Loss = {}): void {
    const all = () => [...this.#channels.values(), ...this.#patterns.values()]
    const concerned = topics ? topics.map(topic => this.#find(topic)) : all()
    for (const subscription of concerned) subscription?.lose({ since, reason })
  }

  refused(topic: Topic): void {
    this.#find(topic)?.refuse()
  }

  countListeners(channels: readonly string[], isWanted?: () => boolean): Promise<number[] | undefined> {
    return countListeners(channels, { byName: this.#channels, byPattern: this.#patterns }, isWanted)
  }

  #find(topic: Topic): Subscription | undefined {
    return this.#subscriptionsOf(topic).get(topic.name)
  }

  #subscriptionsOf({ kind }: Topic): Map<string, Subscription> {
    return kind === 'channel' ? this.#channels : this.#patterns
  }

  #create(topic: Topic): Subscription {
    const subscription = new Subscription(topic, this.#context)
    this.#subscriptionsOf(topic).set(topic.name, subscription)
    this.#ask(subscription)
    return subscription
  }

  async #ask(subscription: Subscription): Promise<void> {
    const { topic } = subscription
    const { histories } = this.#context
    const isWanted = () => this.#find(topic) === subscription
    if (histories?.has(topic) && !(await subscription.findHead(histories, isWanted))) return
    this.#broker.subscribe(topic).then(
      () => subscription.becomeLive(),
      (error: Error) => subscription.reject(error),
    )
  }

  #drop(subscription: Subscription): void {
    const { topic } = subscription
    subscription.stop()
    this.#subscriptionsOf(topic).delete(topic.name)
    this.#broker.unsubscribe(topic)
  }
}
