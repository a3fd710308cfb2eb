/** A small seeded source of chance, so that a run can be repeated: mulberry32. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer of `from` up to, and without, `to`. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from))
  }

  /** True so often, from 0 to 1. */
  happens(share: number): boolean {
    return this.next() < share
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length)]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }

  /** Another source of chance, so that what one part draws does not change what another gets. */
  fork(): Chance {
    return new Chance(this.integer(0, 2 ** 31))
  }
}
