/** One message in the history of the embedded broker. */
export interface Entry {
  readonly data: Buffer
  readonly event: string | undefined
  readonly time: number
  readonly tag: number
  /** The tag of the entry before: that one may be gone when somebody asks after it. */
  readonly previousTag: number
}

/** Entries with contiguous offsets, appended at the new end and dropped at the old one. */
export class Log {
  #entries: Entry[] = []
  /** Entries at the front that are dropped; moving all others each time would cost their number. */
  #dropped = 0
  /** Offset of the oldest. */
  #first = 1
  #bytes = 0

  get length(): number {
    return this.#entries.length - this.#dropped
  }

  /** Offset of the oldest entry, or of the one to come. */
  get first(): number {
    return this.#first
  }

  /** Offset of the newest entry; one below `first` when there is none. */
  get last(): number {
    return this.#first + this.length - 1
  }

  get bytes(): number {
    return this.#bytes
  }

  at(offset: number): Entry | undefined {
    return offset < this.#first ? undefined : this.#entries[this.#dropped + offset - this.#first]
  }

  append(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += sizeOf(entry)
  }

  /** Drops what lies before the offset. */
  dropBefore(offset: number): void {
    for (; this.#first < offset && this.length > 0; this.#first++) {
      const entry = this.#entries[this.#dropped]
      if (entry) this.#bytes -= sizeOf(entry)
      delete this.#entries[this.#dropped++]
    }
    if (this.#dropped <= this.#entries.length / 2) return
    this.#entries = this.#entries.slice(this.#dropped)
    this.#dropped = 0
  }

  /** Offset of the first entry that is not older than the time; that of the one to come if all are. */
  firstSince(time: number): number {
    let [low, high] = [this.first, this.last + 1]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entry = this.at(middle)
      if (entry && entry.time < time) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** About what an entry takes beside its data: the object, its numbers, the Buffer. */
const OVERHEAD = 200

const sizeOf = ({ data, event = '' }: Entry): number => data.length + event.length + OVERHEAD
