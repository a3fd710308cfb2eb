import { type Broker, type BrokerListener, type Loss, SubscribeRefused } from '../brokers/broker.js'
import type { History } from '../brokers/history.js'
import { CatchUpLimiter, type PageQuery } from '../history/catch-up-limiter.js'
import { ChannelSequencer } from '../history/channel-sequencer.js'
import { HeadLoader } from '../history/head-loader.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import { type GapReason, gapData, type LossReason } from '../protocol/gap.js'
import { deferred } from '../support/deferred.js'
import { Counters } from '../telemetry/counters.js'
import { FlushScheduler } from './flush-scheduler.js'
import { countListeners } from './listener-counts.js'
import { type Client, Subscription, type SubscriptionContext } from './subscription.js'

export interface HubOptions {
  readonly now?: () => number
  readonly counters?: Counters
  /** So many clients are brought up to date at a time. */
  readonly maxReplays?: number
  /** How long to wait, in milliseconds, before a read of the history that failed is tried again. */
  readonly retryMs?: number
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
  readonly #histories: Histories | undefined
  readonly #channels = new Map<string, Subscription>()
  readonly #patterns = new Map<string, Subscription>()

  constructor(broker: Broker, options: HubOptions = {}) {
    const {
      now = Date.now,
      counters = new Counters(),
      maxReplays = DEFAULT_MAX_REPLAYS,
      retryMs = DEFAULT_RETRY_MS,
    } = options
    const { history } = broker
    this.scheduler = new FlushScheduler(counters)
    this.#broker = broker
    this.#context = {
      scheduler: this.scheduler,
      counters,
      now,
      catchUps: history && new CatchUpLimiter(history, maxReplays, retryMs),
    }
    this.#histories = history && {
      history,
      headLoader: new HeadLoader(history, retryMs),
      repairs: new CatchUpLimiter(history, MAX_REPAIRS, retryMs),
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
  hasHistory({ kind, name }: Topic): boolean {
    return kind === 'channel' && this.#histories?.history.ruleOf(name) !== undefined
  }

  /** Channels with a history that are live, and who follows them. */
  *sequencers(): Generator<[string, ChannelSequencer]> {
    for (const [channel, { sequencer, isLive }] of this.#channels) if (sequencer && isLive) yield [channel, sequencer]
  }

  /**
   * Adds the client to the topic. Resolves when the topic is live, rejects with `SubscribeRefused`;
   * messages may come before that. Whoever stops waiting calls `expectGap`. With a place to begin
   * from, the client gets what the history has from there, and then joins the others.
   */
  async subscribe(client: Client, topic: Topic, from?: PageQuery): Promise<void> {
    // Who is cut by what is due may be the last one there, and take the subscription along.
    client.group?.flush()
    this.#find(topic)?.flush(client)
    if (client.subscriber.closed) return
    const subscription = this.#find(topic) ?? this.#create(topic)
    const catchUp = from && subscription.resume(client, from)
    if (!catchUp) subscription.join(client)
    if (!subscription.isLive) await subscription.waitFor(client)
    catchUp?.start()
  }

  unsubscribe(client: Client, topic: Topic): void {
    const subscription = this.#find(topic)
    if (!subscription) return
    subscription.leave(client)
    if (subscription.groups.size === 0) this.#drop(subscription)
  }

  /** The client counts on the topic although it is not live yet: what it misses until then is told. */
  expectGap(client: Client, topic: Topic): void {
    const subscription = this.#find(topic)
    if (!subscription || subscription.isLive) return
    subscription.promise(client)
    subscription.lost ??= { since: this.#context.now(), reason: 'redis_unavailable' }
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
   * where there is no history, while the client is being brought up to date, and where nobody knows.
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
    if (!subscription) return // unsubscribed, and the broker has not heard of it yet
    // The first message after a loss may come before the news that the topic is live again.
    if (subscription.lost) this.#makeGood(subscription)
    if (subscription.sequencer) subscription.sequencer.message(message)
    else subscription.deliver(message)
  }

  live(topic: Topic): void {
    const subscription = this.#find(topic)
    if (subscription) this.#setLive(subscription)
  }

  lost(reason: LossReason, { since = this.#context.now(), topics }: Loss = {}): void {
    const lost = { since, reason }
    const all = () => [...this.#channels.values(), ...this.#patterns.values()]
    const concerned = topics ? topics.map(topic => this.#find(topic)) : all()
    for (const subscription of concerned) {
      if (!subscription?.isPromised) continue
      if (subscription.isLive) subscription.live = deferred()
      subscription.isLive = false
      subscription.lost ??= lost
      subscription.interrupt()
    }
  }

  refused(topic: Topic): void {
    const subscription = this.#find(topic)
    if (!subscription) return
    subscription.live.reject(new SubscribeRefused('Redis refuses the topic since it is back'))
    for (const group of [...subscription.groups]) group.refuse(subscription.topic, subscription.gapDue(group.format))
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
    const rule = topic.kind === 'channel' ? this.#histories?.history.ruleOf(topic.name) : undefined
    if (rule && this.#histories) {
      subscription.sequencer = new ChannelSequencer(topic.name, this.#histories.repairs, subscription)
      this.#findPlace(subscription, this.#histories.headLoader)
    } else {
      this.#ask(subscription)
    }
    return subscription
  }

  /** Where the history stands is asked before the channel is subscribed: whatever comes after that is heard, or missed. */
  async #findPlace(subscription: Subscription, headLoader: HeadLoader): Promise<void> {
    const { topic, sequencer } = subscription
    const isWanted = () => this.#find(topic) === subscription
    // As long as the broker is away the channel would not be live either.
    const place = await headLoader.find(topic.name, isWanted)
    if (!isWanted()) return
    if (place) {
      sequencer?.begin(place.newest)
      // Who stopped waiting has missed what came before that place.
      if (subscription.lost) subscription.isBehind = true
    } // otherwise the first message will tell, or the next check
    this.#ask(subscription)
  }

  #ask(subscription: Subscription): void {
    this.#broker.subscribe(subscription.topic).then(() => this.#setLive(subscription), subscription.live.reject)
  }

  #drop({ topic, sequencer }: Subscription): void {
    sequencer?.stop()
    this.#subscriptionsOf(topic).delete(topic.name)
    this.#broker.unsubscribe(topic)
  }

  #setLive(subscription: Subscription): void {
    subscription.isLive = true
    subscription.promise()
    if (subscription.lost) this.#makeGood(subscription)
    subscription.live.resolve()
  }

  /** What may have been missed is read from the history, or told. */
  #makeGood(subscription: Subscription): void {
    if (!subscription.lost) return
    const { since, reason } = subscription.lost
    subscription.repaired = subscription.lost
    subscription.lost = undefined
    const recovers = subscription.sequencer?.recover(since)
    if (!recovers || subscription.isBehind) subscription.gap(reason, since)
    subscription.isBehind = false
  }
}

interface Histories {
  readonly history: History
  readonly headLoader: HeadLoader
  /** The work of repairing channels after a loss; apart, so that it need not wait behind clients. */
  readonly repairs: CatchUpLimiter
}

const DEFAULT_RETRY_MS = 200
const DEFAULT_MAX_REPLAYS = 100
const MAX_REPAIRS = 16
