import type { Position } from '../messages/position.js'

/** What was read from a history of one epoch before its live copy came: tags by offset, the last so many. */
export class DeduplicationWindow {
  readonly #tags = new Map<number, number>()

  add({ offset, tag }: Position): void {
    this.#tags.set(offset, tag)
    const [oldest = 0] = this.#tags.keys()
    if (this.#tags.size > MAX_ENTRIES) this.#tags.delete(oldest)
  }

  /** That very message was read. */
  has({ offset, tag }: Position): boolean {
    return this.#tags.get(offset) === tag
  }

  /** Another message was read in its place: one of the two has been rolled back. */
  hasOther({ offset, tag }: Position): boolean {
    const known = this.#tags.get(offset)
    return known !== undefined && known !== tag
  }
}

const MAX_ENTRIES = 1000
