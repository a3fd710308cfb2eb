import type { Caller } from '../access/caller.js'
import type { Config } from '../config/config.js'
import type { Sink } from '../fanout/subscriber.js'
import type { Topic } from '../messages/topic.js'
import type { CloseReason } from '../protocol/close-reasons.js'
import type { Format } from '../protocol/format.js'

/** How a client listens. */
export interface StreamOptions {
  /** The client; the stream ends when its rights end. */
  caller?: Caller
  sink: Sink
  format: Format
  /** Ends after so many messages. */
  limit?: number | undefined
  /** Ends after so many seconds. */
  timeout?: number | undefined
  /** Ends after so many milliseconds at the latest, as the platform would cut it off. */
  lifetimeMs?: number | undefined
  /** Its topics are several, or come and go. */
  multiplexed?: boolean
  /** Of several topics, each brings its own copy of a message that matches more than one. */
  everyCopy?: boolean
  /** Counts the patterns among its topics, and may refuse them. */
  patterns?: StreamPatterns
  onClose?: (reason: CloseReason) => void
  /** The id of the request that asks for it. */
  reqId?: string
}

export interface StreamPatterns {
  /** @throws Problem */
  add(topics: readonly Topic[]): void
  remove(topics: readonly Topic[]): void
}

export type StreamSettings = Pick<
  Config,
  | 'MAX_BUFFERED_BYTES'
  | 'HEARTBEAT_SECONDS'
  | 'OPEN_TIMEOUT_MS'
  | 'MAX_SUBSCRIPTIONS'
  | 'MAX_STREAM_AGE_SECONDS'
  | 'RETRY_MS'
>
