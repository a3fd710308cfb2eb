/** Names that were added lately: each is known for the given time, and at most for twice as long. */
export class RecentNames {
  readonly #milliseconds: number
  #names = new Set<string>()
  #older = new Set<string>()
  #turnsAt = 0

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  add(name: string): void {
    this.#turn()
    this.#names.add(name)
  }

  has(name: string): boolean {
    if (this.#names.size === 0 && this.#older.size === 0) return false
    this.#turn()
    return this.#names.has(name) || this.#older.has(name)
  }

  #turn(): void {
    const now = performance.now()
    if (now < this.#turnsAt) return
    this.#older = now < this.#turnsAt + this.#milliseconds ? this.#names : new Set()
    this.#names = new Set()
    this.#turnsAt = now + this.#milliseconds
  }
}
