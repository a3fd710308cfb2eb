import { setTimeout as pause } from 'node:timers/promises'
import type { HistoryPage } from '../brokers/history.js'
import type { Message } from '../messages/message.js'
import { isOfEpoch, type Mark, markOf, type Position } from '../messages/position.js'
import type { GapReason } from '../protocol/gap.js'
import { withTimeout } from '../support/with-timeout.js'
import type { CatchUpLimiter, PageQuery } from './catch-up-limiter.js'
import { HeldMessages } from './held-messages.js'
import { isCovered, isNext, isOther, mayBeCovered } from './sequence.js'

/** The receiver of a catch-up: one client, or all clients of a channel after a loss. */
export interface Reader {
  deliver(message: Message, source: 'history' | 'live'): void
  /** Something is missing at this place. `until` is when the message that follows was published. */
  gap(reason: GapReason, until?: number): void
  /** Resolves when more can be taken without holding it in memory. */
  ready(): Promise<void>
  /**
   * The reader has everything up to the position, and every live message so far. From now on
   * the catch-up takes no more messages. Without a position, any message may follow.
   */
  caughtUp(position: Position | undefined): void
}

export interface CatchUpOptions {
  readonly channel: string
  readonly catchUps: CatchUpLimiter
  readonly reader: Reader
  /** How many bytes of live messages it holds while it reads. */
  readonly maxHeldBytes?: number
}

/**
 * Brings a reader from a place in a channel's history to now, while live messages go on:
 *
 *     history   … 4 5 6 7 8 9            read page by page, from the reader's place on
 *     live            7 8 n 9 10 11      held; n is native, it has no position
 *     reader    … 4 5 6 7 8 9 n 10 11    the held copies of 7 8 9 are dropped
 *
 * Live messages over the bound are dropped as long as the history has them, too.
 */
export class CatchUp {
  readonly #channel: string
  readonly #catchUps: CatchUpLimiter
  readonly #reader: Reader
  readonly #held: HeldMessages
  /** The reader has everything up to here. Undefined where any message may follow. */
  #position: Position | undefined
  /** How many reads have begun. */
  #reads = 0
  /** A read must have this number before it can be the last: live messages that came before it were dropped. */
  #lastRead = 0
  /** Where the reader stood in an epoch that has ended: it has what lies before, which may still come live. */
  #left: Mark | undefined
  #failingSince: number | undefined
  #stopped = false

  constructor({ channel, catchUps, reader, maxHeldBytes }: CatchUpOptions) {
    this.#channel = channel
    this.#catchUps = catchUps
    this.#reader = reader
    this.#held = new HeldMessages(maxHeldBytes)
  }

  /** A live message. */
  take(message: Message): void {
    if (!this.#held.add(message, this.#reads)) this.readOn()
  }

  /** What came so far may be out of date: only a read that begins later can be the last. */
  readOn(): void {
    this.#lastRead = this.#reads + 1
  }

  /** The reader is gone. */
  stop(): void {
    this.#stopped = true
    this.#held.takeAll()
  }

  /** Resolves when it has caught up or was stopped. */
  async run(start: PageQuery): Promise<void> {
    let query: PageQuery | undefined = start
    while (query && !this.#stopped) {
      await this.#reader.ready()
      const done = await this.#catchUps.turn()
      try {
        query = this.#stopped ? undefined : await this.#step(query)
        // While the page is on its way to the client it still counts; one that is stuck counts no more.
        if (!this.#stopped) await withTimeout(TURN_MS, this.#reader.ready())
      } finally {
        done()
      }
      if (this.#failingSince !== undefined && query) await pause(this.#catchUps.retryMs)
    }
  }

  /** Reads a page and hands it over; returns what to ask for next. */
  async #step(query: PageQuery): Promise<PageQuery | undefined> {
    this.#reads++
    const page = await this.#catchUps.read(this.#channel, query).catch(() => undefined)
    if (this.#stopped) return undefined
    if (page === undefined) return this.#failed(query)
    this.#failingSince = undefined
    this.#handOver(page, query)
    if (page.more || this.#reads < this.#lastRead) return this.#next(query)
    const whole = this.#release(page)
    if (this.#stopped) return undefined
    if (!whole) return this.#next(query)
    this.#reader.caughtUp(this.#position)
    return undefined
  }

  #handOver({ entries, newest, continuity }: HistoryPage, { after }: PageQuery): void {
    if (continuity === 'trimmed') this.#reader.gap('history_trimmed', entries[0]?.time)
    if (continuity === 'reset') {
      const isEnded = after && !(newest && isOfEpoch(after, newest))
      if (isEnded) this.#left = after
      this.#reader.gap('history_reset', entries[0]?.time)
    }
    this.#position = newest // what is not in the entries is behind the reader, or in the gap
    for (const { message } of entries) {
      if (this.#stopped) return
      this.#position = message.position
      this.#reader.deliver(message, 'history')
    }
  }

  /** Delivers the held messages, as far as each follows the one before. False where the history must be read again. */
  #release({ continuity, newest }: HistoryPage): boolean {
    if (this.#held.takeLoss()) this.#reader.gap('replay_overflow')
    let isAnnounced = continuity === 'reset'
    for (let held = this.#held.oldest; held && !this.#stopped; held = this.#held.oldest) {
      const { message, read } = held
      const known = this.#position
      const { position } = message
      if (position && this.#left && mayBeCovered(this.#left, position)) {
        this.#held.dropOldest()
        continue
      }
      if (position && known && isOther(known, position)) {
        // Two histories, and one of them has been rolled back. The next read shows which.
        if (!isAnnounced) this.#reader.gap('history_reset')
        this.readOn()
        this.#held.keepNatives()
        return false
      }
      if (position && read < this.#reads && !(newest && isCovered(newest, position))) {
        // It came before the history was read, and the history lacks it: its part of the history has been lost meanwhile.
        this.#held.dropOldest()
        if (!isAnnounced) this.#reader.gap('history_reset')
        isAnnounced = true
        continue
      }
      const isKnown = position && known && isCovered(known, position)
      if (position && known && !isKnown && !isNext(known, position)) return false
      this.#held.dropOldest()
      if (isKnown) continue
      if (position) this.#position = position
      this.#reader.deliver(message, 'live')
    }
    return true
  }

  #next(query: PageQuery): PageQuery {
    return this.#position ? { after: markOf(this.#position) } : query
  }

  /** Retries for a while. After that the reader continues without the history. */
  #failed(query: PageQuery): PageQuery | undefined {
    this.#failingSince ??= performance.now()
    if (performance.now() - this.#failingSince < GIVE_UP_MS) return query
    this.#reader.gap('history_unavailable')
    for (const message of this.#held.takeAll()) if (!this.#stopped) this.#reader.deliver(message, 'live')
    if (!this.#stopped) this.#reader.caughtUp(undefined)
    return undefined
  }
}

/** How long a client that takes a page slowly may keep others waiting. */
const TURN_MS = 250
/** Longer than a failover, or the start of a Redis, takes. After that, live messages are worth more than old ones. */
const GIVE_UP_MS = 10_000
