import type { Message } from '../messages/message.js'
import type { Mark, Position } from '../messages/position.js'

/** How much of a channel is kept. */
export interface HistoryRule {
  /** At most so many messages. */
  readonly length: number
  /** None that is older. */
  readonly ageSeconds: number
}

/**
 * What a broker can do beside its port: keep what was published through it, and give it back.
 *
 * Guarantees of every implementation, proved by `test/brokers/contract/kept-history.ts`:
 * - A publication to a channel with a rule is written and then delivered, in one step: what was
 *   delivered with a position can be read, and what could not be written is not delivered.
 * - Its `Message` has a position; what others publish natively has none and is not kept.
 * - An epoch ends when the history is deleted, or when what the broker finds of it cannot be
 *   trusted. Within an epoch no offset is missing but at the old end.
 * - Asking where a channel stands begins its history, at offset 0. So a reader of a channel without
 *   messages has a position like any other, and it reveals a lost history.
 * - Memory is bounded by the rule, also for channels that fall silent.
 *
 * Everything that asks the broker rejects with a `BrokerUnavailable` when it cannot be asked.
 */
export interface History {
  /** The rule for the channel; undefined where nothing is kept. Cheap enough to be asked for each message. */
  ruleOf(channel: string): HistoryRule | undefined
  /** One page, oldest first, as one atomic step. */
  read(channel: string, query: HistoryQuery): Promise<HistoryPage>
  /**
   * The newest position of each channel, in one trip; undefined where there is no history and the broker
   * cannot begin one. With `renew`, a position that is listened at does not expire.
   */
  newest(channels: readonly string[], options?: { readonly renew?: boolean }): Promise<(Position | undefined)[]>
  /** Describes a channel's history; undefined if there is none. */
  info(channel: string): Promise<HistoryInfo | undefined>
  /** Forgets all of the channel's history. The next publication begins a new epoch. */
  delete(channel: string): Promise<void>
}

export interface HistoryQuery {
  /** Only what comes after it. */
  readonly after?: Mark | undefined
  /** Only what was published then or later, in milliseconds since 1970 by the broker's clock. */
  readonly since?: number | undefined
  /** Only what was published at most so many milliseconds ago, by the broker's clock. */
  readonly within?: number | undefined
  /** Only the last so many. With several conditions the narrowest counts. */
  readonly last?: number | undefined
  /** Most entries of the page; at least 1. */
  readonly limit: number
  /** About so many bytes of data at most; one entry always fits. */
  readonly maxBytes: number
}

/**
 * How what was asked for relates to what there is.
 *
 * - `whole`: nothing is missing between `after` (or `since`) and the first entry of the page.
 * - `trimmed`: some of it is not kept any more; the page begins with the oldest entry.
 * - `reset`: `after` is not in this history. It was deleted or lost and began again: then the page
 *   begins with the oldest entry, as the reader knows none of it. Or it was rolled back within the
 *   epoch, or may have been by a failover: then the page begins with what was written since, as the
 *   reader knows what is before; where that cannot be told, after the offset of `after`.
 *
 * A page ends before a place where something may be lost, and the page after it is a `reset`.
 */
export type Continuity = 'whole' | 'trimmed' | 'reset'

export interface HistoryEntry {
  /** Has a position. */
  readonly message: Message
  /** When it was published, in milliseconds since 1970 by the broker's clock; never runs backwards. */
  readonly time: number
}

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[]
  /** Where the history stands, as of this read; undefined when there is none and none could be begun. */
  readonly newest: Position | undefined
  readonly continuity: Continuity
  /** There are more after the last entry. */
  readonly more: boolean
}

export interface HistoryInfo {
  /** Where the history stands. What stands there may be gone already, by its age. */
  readonly newest: Position
  /** When the newest was published. */
  readonly newestTime: number
  /** The oldest that can be read; undefined when all are gone. */
  readonly oldest: { readonly position: Position; readonly time: number } | undefined
  /** Entries that can be read. */
  readonly length: number
  /** Memory that the broker says they take. */
  readonly bytes: number
}

/** How long a position outlives the entries of its channel, in milliseconds. A client that reconnects within it has missed nothing. */
export const MEMORY_MS = 86_400_000

/**
 * The same for a position before the first message, when nothing is subscribed there. It costs memory for each name that somebody
 * asks about.
 */
export const FLEETING_MS = 2 * 3_600_000
