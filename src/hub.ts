import type { Broker, BrokerListener, GapReason, Loss, PublishResult } from './broker.js'
import { Counters, type PublishTransport } from './counters.js'
import { type Deferred, deferred } from './deferred.js'
import type { Format } from './frames.js'
import { gapData } from './gap.js'
import { InFlight } from './idempotency.js'
import { Lane } from './lane.js'
import type { Message, Publication } from './message.js'
import { Outbox } from './outbox.js'
import type { PrivateLane } from './private-lane.js'
import type { Subscriber } from './subscriber.js'
import { type Topic, topicMatcher } from './topic.js'

export interface HubOptions {
  readonly now?: () => number
  readonly counters?: Counters
}

/** A client and how it wants its bytes. `lane` is its own, for a client that shares none. */
export interface Client {
  readonly subscriber: Subscriber
  readonly format: Format
  readonly lane?: PrivateLane
}

/** One topic that has clients here: subscribed once at the broker for all of them. */
interface Subscription {
  readonly topic: Topic
  readonly covers: (channel: string) => boolean
  readonly lanes: Set<Lane>
  readonly shared: Map<Format, Lane>
  /** Settled when the topic is live, or refused; another one after each loss. */
  live: Deferred
  isLive: boolean
  /** Somebody counts on it: what is missed from now on is told. */
  isPromised: boolean
  /** Since when messages may have been missed that no `gap` has told of yet. */
  lost: { since: number; reason: GapReason } | undefined
}

/**
 * Brings the broker's messages to the clients of this gateway.
 *
 *     broker ─▶ hub.message ─▶ lane.deliver ┄(end of tick)┄▶ subscriber.write ─▶ sink.write
 */
export class Hub implements BrokerListener {
  readonly outbox: Outbox
  readonly #broker: Broker
  readonly #now: () => number
  readonly #counters: Counters
  readonly #inFlight = new InFlight()
  readonly #channels = new Map<string, Subscription>()
  readonly #patterns = new Map<string, Subscription>()

  constructor(broker: Broker, { now = Date.now, counters = new Counters() }: HubOptions = {}) {
    this.#counters = counters
    this.outbox = new Outbox(counters)
    this.#broker = broker
    this.#now = now
  }

  /** Topics that have clients here. */
  get size(): number {
    return this.#channels.size + this.#patterns.size
  }

  get hasPatterns(): boolean {
    return this.#broker.hasPatterns
  }

  /**
   * Adds the client to the topic. Resolves when the topic is live, rejects with `SubscribeRefused`;
   * messages may come before that. Whoever stops waiting calls `expectGap`.
   */
  async subscribe(client: Client, topic: Topic): Promise<void> {
    const subscription = this.#find(topic) ?? this.#create(topic)
    const lane = client.lane ?? this.#sharedLane(subscription, client.format)
    lane.join(client.subscriber)
    subscription.lanes.add(lane)
    if (!subscription.isLive) await subscription.live.promise
  }

  unsubscribe(client: Client, topic: Topic): void {
    const subscription = this.#find(topic)
    const lane = client.lane ?? subscription?.shared.get(client.format)
    if (!subscription || !lane) return
    if (client.lane) {
      client.lane.forget()
      subscription.lanes.delete(lane)
    } else {
      lane.leave(client.subscriber)
      if (lane.members.size === 0) {
        subscription.lanes.delete(lane)
        subscription.shared.delete(client.format)
      }
    }
    if (subscription.lanes.size === 0) this.#drop(subscription)
  }

  /** The client counts on the topic although it is not live yet: what it misses until then is told. */
  expectGap(topic: Topic): void {
    const subscription = this.#find(topic)
    if (!subscription || subscription.isLive) return
    subscription.isPromised = true
    subscription.lost ??= { since: this.#now(), reason: 'redis_unavailable' }
  }

  /** The data of the `gap` that is due on the topic, for a client that leaves before it is told. */
  gapDue(topic: Topic): string | undefined {
    const lost = this.#find(topic)?.lost
    return lost && gapData({ topic, since: lost.since, until: this.#now(), reason: lost.reason })
  }

  async publish(publications: readonly Publication[], transport: PublishTransport = 'http'): Promise<PublishResult[]> {
    const results = publications.some(({ idempotency }) => idempotency)
      ? await this.#inFlight.publish(publications, free => this.#broker.publish(free))
      : await this.#broker.publish(publications)
    this.#counters.publish(transport, publications, results)
    return results
  }

  message(message: Message, pattern?: string): void {
    this.#counters.received++
    const subscription = pattern === undefined ? this.#channels.get(message.channel) : this.#patterns.get(pattern)
    if (!subscription) return // unsubscribed, and the broker has not heard of it yet
    // The first message after a loss may come before the news that the topic is live again.
    if (subscription.lost) this.#announceGap(subscription)
    for (const lane of subscription.lanes) lane.deliver(message, subscription.topic)
  }

  live(topic: Topic): void {
    const subscription = this.#find(topic)
    if (subscription) this.#setLive(subscription)
  }

  lost(reason: GapReason, { since = this.#now(), topics }: Loss = {}): void {
    const lost = { since, reason }
    const all = () => [...this.#channels.values(), ...this.#patterns.values()]
    const concerned = topics ? topics.map(topic => this.#find(topic)) : all()
    for (const subscription of concerned) {
      if (!subscription?.isPromised) continue
      if (subscription.isLive) subscription.live = deferred()
      subscription.isLive = false
      subscription.lost ??= lost
      for (const lane of subscription.lanes) lane.forget()
    }
  }

  refused(topic: Topic): void {
    const subscription = this.#find(topic)
    if (!subscription) return
    for (const lane of [...subscription.lanes]) lane.refuse(subscription.topic)
  }

  countListeners(channels: readonly string[]): number[] {
    return channels.map(channel => {
      const lanes = new Set<Lane>(this.#channels.get(channel)?.lanes)
      for (const { covers, lanes: more } of this.#patterns.values()) {
        if (covers(channel)) for (const lane of more) lanes.add(lane)
      }
      let count = 0
      for (const lane of lanes) count += lane.members.size
      return count
    })
  }

  #find(topic: Topic): Subscription | undefined {
    return this.#subscriptionsOf(topic).get(topic.name)
  }

  #subscriptionsOf({ kind }: Topic): Map<string, Subscription> {
    return kind === 'channel' ? this.#channels : this.#patterns
  }

  #create(topic: Topic): Subscription {
    const subscription: Subscription = {
      topic,
      covers: topicMatcher(topic),
      lanes: new Set(),
      shared: new Map(),
      live: deferred(),
      isLive: false,
      isPromised: false,
      lost: undefined,
    }
    this.#broker.subscribe(topic).then(() => this.#setLive(subscription), subscription.live.reject)
    this.#subscriptionsOf(topic).set(topic.name, subscription)
    return subscription
  }

  #drop({ topic }: Subscription): void {
    this.#subscriptionsOf(topic).delete(topic.name)
    this.#broker.unsubscribe(topic)
  }

  #sharedLane(subscription: Subscription, format: Format): Lane {
    let lane = subscription.shared.get(format)
    if (!lane) {
      lane = new Lane(format, this.outbox)
      subscription.shared.set(format, lane)
    }
    return lane
  }

  #setLive(subscription: Subscription): void {
    subscription.isLive = true
    subscription.isPromised = true
    if (subscription.lost) this.#announceGap(subscription)
    subscription.live.resolve()
  }

  #announceGap(subscription: Subscription): void {
    if (!subscription.lost) return
    const { since, reason } = subscription.lost
    subscription.lost = undefined
    this.#counters.gap(reason)
    const data = gapData({ topic: subscription.topic, since, until: this.#now(), reason })
    for (const lane of subscription.lanes) lane.push(lane.format.control('gap', subscription.topic, data))
  }
}
