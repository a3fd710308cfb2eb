import type { Gap } from '../client/gap.js'
import type { Data } from './payload.js'

/** The content of one row of the list. */
export interface Row {
  /** Counts from 1 in the order of arrival. */
  readonly number: number
  readonly at: number
  readonly size: number
  readonly channel: string
  readonly event?: string | undefined
  readonly id?: string | undefined
  readonly data: Data
  /** The row is not a message but a gap: messages may be missing here. */
  readonly gap?: Gap
}

/** The last messages, bounded in number and in bytes. */
export class Messages {
  readonly #maxRows: number
  readonly #maxBytes: number
  #rows: (Row | undefined)[] = []
  /** Those before it are gone; the array is cut from time to time, not for each of them. */
  #first = 0
  #bytes = 0
  #count = 0

  constructor({ maxRows = 2000, maxBytes = 8 * 1024 * 1024 } = {}) {
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
  }

  add(row: Omit<Row, 'number'>): Row {
    const added = { ...row, number: ++this.#count }
    this.#rows.push(added)
    this.#bytes += row.size
    while (this.size > this.#maxRows || (this.#bytes > this.#maxBytes && this.size > 1)) this.#drop()
    if (this.#first > this.#maxRows) {
      this.#rows = this.#rows.slice(this.#first)
      this.#first = 0
    }
    return added
  }

  #drop(): void {
    this.#bytes -= this.#rows[this.#first]?.size ?? 0
    this.#rows[this.#first++] = undefined // or it would be held until the array is cut
  }

  get size(): number {
    return this.#rows.length - this.#first
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The number of the newest one. */
  get newest(): number {
    return this.#count
  }

  clear(): void {
    this.#rows = []
    this.#first = 0
    this.#bytes = 0
  }

  find(number: number): Row | undefined {
    const first = this.#rows[this.#first]?.number ?? 0
    return this.#rows[this.#first + number - first]
  }

  /** The newest rows after `after` that match, oldest first, at most `limit`. */
  latest({ after = 0, upTo = this.#count, limit, matches }: LatestQuery): Row[] {
    const found: Row[] = []
    for (let i = this.#rows.length - 1; i >= this.#first && found.length < limit; i--) {
      const row = this.#rows[i]
      if (!row || row.number <= after) break
      if (row.number <= upTo && matches(row)) found.push(row)
    }
    return found.reverse()
  }
}

interface LatestQuery {
  after?: number
  upTo?: number
  limit: number
  matches: (row: Row) => boolean
}

/** Each word must be in the channel, the event type or the text; gaps are always of interest. */
export function matcher(filter: string): (row: Row) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return () => true
  return ({ channel, event = '', data, gap }) => {
    if (gap) return true
    const text = `${channel} ${event} ${typeof data === 'string' ? data : ''}`.toLowerCase()
    return words.every(word => text.includes(word))
  }
}
