/*
 * What happened in a run, as it was written down by those who took part. All times are
 * milliseconds since 1970 by the one clock of the machine, the one the gateways use too.
 */

/**
 * What became of a publication: an HTTP status (200 also for a native one that Redis answered);
 * `refused`: the connection was refused, nothing was sent; `cut`: the connection ended before the
 * answer; `pending`: no answer yet.
 */
export type Outcome = number | 'refused' | 'cut' | 'pending'

export interface Publication {
  /** Unique in the run; the message begins with it. */
  readonly id: string
  readonly channel: string
  readonly event?: string | undefined
  /** The gateway by its name, or `native`. */
  readonly via: string
  readonly sentAt: number
  answeredAt: number | undefined
  outcome: Outcome
  /** For one that was tried several times: how long the slowest answer took. */
  slowestMs?: number
  /** What came before the outcome, for one that was tried several times. */
  readonly earlier?: { readonly at: number; readonly outcome: Outcome }[]
  /** The ids that the answers gave it. */
  readonly positions?: Set<string>
}

/** A message as Redis itself delivered it. `node` tells which one, where there are several. */
export interface Observation {
  readonly id: string
  readonly channel: string
  readonly node: string
  readonly at: number
  /** No other node sees it: seen at two, it was executed twice. */
  readonly isAlone?: boolean
}

/** A time in which no observer could be sure to see everything that a node delivered. */
export interface Blind {
  readonly node: string
  readonly from: number
  to: number
}

export interface TopicName {
  readonly kind: 'channel' | 'pattern'
  readonly name: string
}

export interface TopicLog extends TopicName {
  /** When the client was told that it is subscribed. */
  liveAt: number
  /** It went on from where the client stood before. */
  readonly isResumed?: boolean
  /** When it was told that it is so no more, while the stream went on. */
  endedAt?: number
}

export interface Delivery {
  readonly id: string
  readonly channel: string
  readonly event?: string | undefined
  readonly at: number
}

export interface GapEvent extends TopicName {
  /** Where the gateway does not know it: when the client had the last message of the topic. */
  readonly from: number
  /** That message: what Redis executed after it may be missing, however late it came. */
  readonly after?: string | undefined
  readonly to: number
  readonly reason: string
  readonly at: number
}

/** How a stream ended: as HTTP or WebSocket would have it, without a goodbye, or by its own client. */
export type Ending = 'clean' | 'cut' | 'self'

/** One stream, from its opening to its end. A client that reconnects has several. */
export interface Session {
  readonly client: string
  readonly gateway: string
  readonly topics: TopicLog[]
  readonly deliveries: Delivery[]
  readonly gaps: GapEvent[]
  readonly openedAt: number
  endedAt: number | undefined
  ending: Ending | undefined
  /** The WebSocket close code. */
  code?: number
}

/** A time in which a gateway was made to stand still, or was not there: it owed no answers. */
export interface Stall {
  readonly gateway: string
  readonly from: number
  to: number
}

export interface History {
  readonly publications: readonly Publication[]
  readonly observations: readonly Observation[]
  readonly blind: readonly Blind[]
  readonly sessions: readonly Session[]
  readonly stalls: readonly Stall[]
  /** What Redis kept of each channel, in its order: where channels have a history. */
  readonly kept?: ReadonlyMap<string, readonly string[]>
}
