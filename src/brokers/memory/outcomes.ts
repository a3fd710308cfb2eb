import type { Idempotency } from '../../messages/message.js'
import type { Published, PublishResult } from '../../protocol/publish-result.js'

interface Outcome {
  readonly fingerprint: string
  readonly published: Published
  readonly until: number
}

/** Outcomes of publications with an idempotency key, in the embedded broker. */
export class MemoryOutcomes {
  readonly #milliseconds: number
  readonly #now: () => number
  /** In the order in which they expire, as all of them live equally long. */
  readonly #outcomes = new Map<string, Outcome>()

  constructor(seconds: number, now: () => number) {
    this.#milliseconds = seconds * 1000
    this.#now = now
  }

  get size(): number {
    return this.#outcomes.size
  }

  /** The outcome of the first publication with the key, or of this one if it is the first. */
  once(channel: string, { key, fingerprint }: Idempotency, publish: () => Published): PublishResult {
    this.#forget()
    const name = `${channel} ${key}`
    const known = this.#outcomes.get(name)
    if (known) {
      if (known.fingerprint !== fingerprint) return { problem: 'idempotency-key-reused' }
      return { ...known.published, replayed: true }
    }
    const published = publish()
    this.#outcomes.set(name, { fingerprint, published, until: this.#now() + this.#milliseconds })
    return published
  }

  #forget(): void {
    const now = this.#now()
    for (const [name, { until }] of this.#outcomes) {
      if (until > now) return
      this.#outcomes.delete(name)
    }
  }
}
