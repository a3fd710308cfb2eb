/** How many messages and bytes came in each of the last seconds. */
export class Rates {
  static readonly SECONDS = 120
  readonly #counts = new Float64Array(Rates.SECONDS)
  readonly #bytes = new Float64Array(Rates.SECONDS)
  #second: number
  total = 0

  constructor(now: number) {
    this.#second = Math.floor(now / 1000)
  }

  add(now: number, bytes: number): void {
    this.#advance(now)
    const at = this.#second % Rates.SECONDS
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes
    this.total++
  }

  /** The last whole second. */
  now(now: number): { messages: number; bytes: number } {
    this.#advance(now)
    const at = (this.#second - 1 + Rates.SECONDS) % Rates.SECONDS
    return { messages: this.#counts[at] ?? 0, bytes: this.#bytes[at] ?? 0 }
  }

  /** Seconds since 1970 and the messages in each, up to the last whole one. */
  series(now: number): [seconds: number[], messages: number[]] {
    this.#advance(now)
    const seconds = Array.from({ length: Rates.SECONDS - 1 }, (_, i) => this.#second - Rates.SECONDS + 1 + i)
    return [seconds, seconds.map(second => this.#counts[second % Rates.SECONDS] ?? 0)]
  }

  /** Empties the seconds in which nothing came. */
  #advance(now: number): void {
    const second = Math.floor(now / 1000)
    const from = Math.max(this.#second + 1, second - Rates.SECONDS + 1)
    for (let at = from; at <= second; at++) {
      this.#counts[at % Rates.SECONDS] = 0
      this.#bytes[at % Rates.SECONDS] = 0
    }
    this.#second = Math.max(second, this.#second)
  }
}
