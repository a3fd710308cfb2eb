import type { RateLimitStore } from '../limits/meter.js'
import type { Message, Publication } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { LossReason } from '../protocol/gap.js'
import type { PublishResult } from '../protocol/publish-result.js'
import type { Histogram } from '../telemetry/histogram.js'
import type { EphemeralStore } from './ephemeral-store.js'
import type { History } from './history.js'

/**
 * The port between the gateway and what carries its messages: Redis, or the embedded broker.
 *
 * Guarantees of every implementation, proved by `test/brokers/contract.ts`:
 * - A message reaches the listener once for each topic of ours that it matches, in the order in
 *   which the broker took it, per channel, with the very bytes that were published.
 * - `subscribe` resolves after the broker acknowledged it: what is published from then on is
 *   delivered, or its loss is announced by `lost`.
 * - A publication is executed at most once, no matter its outcome.
 * - Channels under the reserved prefix never reach the listener and never show in introspection.
 */
export interface Broker {
  /** Begins to connect and returns at once; `listener` hears of everything that follows. */
  start(listener: BrokerListener): void
  /** Takes all publications in one trip. The results are in the order of the publications. It never rejects. */
  publish(publications: readonly Publication[]): Promise<PublishResult[]>
  /**
   * Asks for a topic, once per topic: the hub counts its clients. Resolves when the topic is live,
   * however long the broker is away; rejects with a `SubscribeRefused` if it never will be.
   */
  subscribe(topic: Topic): Promise<void>
  unsubscribe(topic: Topic): void
  /** Names of the channels that have a subscriber now, patterns apart, in no order. Rejects with a `BrokerUnavailable`. */
  channels(glob: string): Promise<string[]>
  /** For each channel, the broker's own count of subscribed connections. Rejects with a `BrokerUnavailable`. */
  subscriberCounts(channels: readonly string[]): Promise<number[]>
  /** Patterns that have a subscriber, counted by each server for itself. Rejects with a `BrokerUnavailable`. */
  patternCount(): Promise<number>
  /** For each channel, the clients that would hear it, on all gateways. Rejects with a `BrokerUnavailable`. */
  listenerCounts(channels: readonly string[]): Promise<ListenerCounts>
  /** Undefined where no channel has a history. */
  readonly history?: History | undefined
  /** Where gateways keep together what their callers may still publish; undefined where there is one gateway. */
  readonly rateLimitStore?: RateLimitStore | undefined
  /** Undefined where gateways have no place to keep anything for each other. */
  readonly ephemeralStore?: EphemeralStore | undefined
  /** False where there are only channels, as in sharded Pub/Sub. */
  readonly hasPatterns: boolean
  /** Why the broker cannot serve now, in words for the operator; undefined when it can. */
  readonly unavailable: string | undefined
  /** Absent where there is nothing to connect to. */
  readonly connections?: ConnectionStatistics
  /** Ends every connection. Bounded in time; pending publications settle first. */
  close(): Promise<void>
}

/** Statistics of all connections to a broker since the start. */
export interface ConnectionStatistics {
  /** Connections that can be used now. */
  readonly up: number
  /** Connections that were lost and are back. */
  readonly reconnects: number
  /** How long the broker took to answer a probe, in seconds; there are a few a second. */
  readonly roundTrips: Histogram
}

/** Events that a broker reports to the hub, synchronously as the bytes arrive. */
export interface BrokerListener {
  /** `pattern` is the one it came by; absent, it came by its channel. */
  message(message: Message, pattern?: string): void
  /** The topic is subscribed and acknowledged: at first, and again after each loss. */
  live(topic: Topic): void
  /** Until `live`, messages may be missed. */
  lost(reason: LossReason, loss?: Loss): void
  /** The topic was refused after it had been live once. It will not come back by itself. */
  refused(topic: Topic): void
  /**
   * Clients of this gateway that would hear each channel. It may take a while, in which it asks now and then whether the
   * counts are still wanted; undefined where they were not.
   */
  countListeners(channels: readonly string[], isWanted?: () => boolean): Promise<number[] | undefined>
}

export interface Loss {
  /** Since when, in milliseconds since 1970; now by default. A loss may be noticed late. */
  readonly since?: number
  /** On which topics; on all by default. */
  readonly topics?: readonly Topic[]
}

export interface ListenerCounts {
  readonly counts: readonly number[]
  /** Gateways that are connected but did not answer in time, so that the counts may be too low. */
  readonly unanswered: number
}

/** The broker is not reachable, or did not answer in time. */
export class BrokerUnavailable extends Error {
  override readonly name: string = 'BrokerUnavailable'
}

/** What the broker holds of a channel's history was not written by a gateway. It stays so until you delete it. */
export class HistoryUnusable extends BrokerUnavailable {
  override readonly name = 'HistoryUnusable'
}

/** The broker will not let this gateway subscribe to the topic, for example by a Redis ACL rule. */
export class SubscribeRefused extends Error {
  override readonly name = 'SubscribeRefused'
}
