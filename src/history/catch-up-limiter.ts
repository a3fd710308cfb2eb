import type { History, HistoryPage, HistoryQuery } from '../brokers/history.js'

/** So long before it was asked for. The broker's clock decides what that is, as it stamped the messages. */
export interface Ago {
  readonly milliseconds: number
  /** By `performance.now()`. */
  readonly askedAt: number
}

/** The query for a page. */
export interface PageQuery extends Pick<HistoryQuery, 'after' | 'last'> {
  readonly since?: number | Ago | undefined
}

/** The query for the broker, as of now. */
export function currentQuery({
  after,
  since,
  last,
}: PageQuery): Pick<HistoryQuery, 'after' | 'since' | 'within' | 'last'> {
  if (typeof since !== 'object') return { after, since, last }
  return { after, last, within: Math.ceil(since.milliseconds + performance.now() - since.askedAt) }
}

/**
 * The work of reading histories for many at once. So many catch-ups have a page in hand at a time,
 * first come first served; the others wait without holding anything. Equal reads of one tick are one.
 */
export class CatchUpLimiter {
  readonly #history: Pick<History, 'read'>
  readonly #waiting = new Set<() => void>()
  /** How long to wait after a read that failed. */
  readonly retryMs: number
  #free: number
  #due = new Map<string, Promise<HistoryPage>>()

  constructor(history: Pick<History, 'read'>, limit: number, retryMs: number) {
    this.#history = history
    this.#free = limit
    this.retryMs = retryMs
  }

  /** Resolves with what gives the turn back when it is one's turn. */
  async turn(): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.add(resolve))
    let given = false
    return () => {
      if (given) return
      given = true
      this.#pass()
    }
  }

  /**
   * A page of the channel's history as it is at some time after the call.
   * Rejects as `History.read` does.
   */
  read(channel: string, query: PageQuery): Promise<HistoryPage> {
    const now = currentQuery(query)
    const { after, since, within, last } = now
    const key = `${channel} ${after?.offset} ${after?.check} ${since} ${within} ${last}`
    let page = this.#due.get(key)
    if (page === undefined) {
      if (this.#due.size === 0) setImmediate(() => this.#due.clear())
      page = endOfTick().then(() => this.#history.read(channel, { ...now, ...PAGE }))
      this.#due.set(key, page)
    }
    return page
  }

  #pass(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free++
    } else {
      this.#waiting.delete(next)
      next()
    }
  }
}

/** Large enough to be worth a trip, small enough to be held for many clients at once. */
const PAGE = { limit: 256, maxBytes: 64 * 1024 }

/** A broker may answer at once: a storm of catch-ups must still let live messages in between. */
const endOfTick = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
