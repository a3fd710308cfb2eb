import type { Redis } from 'ioredis'
import type { Publication } from '../../messages/message.js'
import type { Topic } from '../../messages/topic.js'
import type { LossReason } from '../../protocol/gap.js'
import type { PublishResult } from '../../protocol/publish-result.js'
import type { Loss } from '../broker.js'
import type { Lineage } from './commands/lineage.js'

/**
 * One Redis deployment of any shape: a single server, a master that Sentinels name, a
 * Cluster. It knows channels as Redis does, metadata channels and the gateways' own ones included.
 */
export interface Topology {
  start(): void
  publish(publications: readonly Publication[]): Promise<PublishResult[]>
  /** Subscribes to all `names` with one command. As `Broker.subscribe`. */
  subscribe(topic: Topic, names: readonly string[]): Promise<void>
  unsubscribe(topic: Topic): void
  /** `PUBSUB CHANNELS` of all servers, each name once. Rejects when one of them does not answer. */
  channels(glob: string): Promise<string[]>
  /** `PUBSUB NUMSUB`, summed over all servers. Rejects when one of them does not answer. */
  subscriberCounts(names: readonly string[]): Promise<number[]>
  /** `PUBSUB NUMPAT`, summed over all servers. Rejects when one of them does not answer. */
  patternCount(): Promise<number>
  /** The connection that publishes to the server which keeps the key; undefined while there is none. */
  clientForKey(key: string): Redis | undefined
  /** The lineage of the server that has the key; undefined if it is unknown. */
  lineageOf(key: string): Lineage | undefined
  /** Reloads the owners of keys, if they can change. */
  refresh?(): Promise<void>
  /** Why it cannot be used, in words for the operator; undefined when it can. */
  readonly unavailable: string | undefined
  close(): Promise<void>
}

/** Events of a deployment, synchronously as the bytes arrive. */
export interface TopologyEvents {
  message(channel: string, data: Buffer): void
  patternMessage(pattern: string, channel: string, data: Buffer): void
  live(topic: Topic): void
  refused(topic: Topic): void
  /** Messages may be missed until the topics are live again. */
  lost(reason: LossReason, loss: Loss): void
}
