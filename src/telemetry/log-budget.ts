/**
 * How many lines a second may be logged of one kind. What goes wrong often goes wrong for everybody at once:
 * the first lines say what, the number of the others says how often.
 */
export class LogBudget {
  readonly #perSecond: number
  readonly #now: () => number
  #second = 0
  #taken = 0

  constructor(perSecond: number, now: () => number = Date.now) {
    this.#perSecond = perSecond
    this.#now = now
  }

  /** False when the line is one too many; otherwise how many were, since the last that was not. */
  take(): { readonly leftOut: number } | false {
    const second = Math.floor(this.#now() / 1000)
    let leftOut = 0
    if (second !== this.#second) {
      leftOut = Math.max(0, this.#taken - this.#perSecond)
      this.#second = second
      this.#taken = 0
    }
    return ++this.#taken <= this.#perSecond && { leftOut }
  }
}
