import type { CloseReason } from './close-reasons.js'
import { type Ledger, Meter } from './meter.js'
import { Problem } from './problems.js'
import { readRate } from './rate.js'

export interface LimitSettings {
  readonly PUBLISH_RATE?: string
  readonly MAX_STREAMS: number
  readonly MAX_STREAMS_PER_CALLER: number
}

/** What a caller may do at most, and the gateway as a whole. */
export class Limits {
  /** Whether the process has more to do than it can; set by who measures it. */
  isOverloaded: () => boolean = () => false
  readonly #settings: LimitSettings
  readonly #policy: string = ''
  readonly #meter: Meter | undefined
  readonly #streams = new Map<string, number>()
  #total = 0

  /** @throws ConfigError */
  constructor(settings: LimitSettings, ledger?: Ledger) {
    this.#settings = settings
    if (settings.PUBLISH_RATE === undefined) return
    const rate = readRate(settings.PUBLISH_RATE)
    this.#policy = `"publish";q=${rate.count};w=${rate.seconds}`
    this.#meter = new Meter(rate, ledger && { ledger })
  }

  /**
   * Counts messages that the caller is about to publish; it is asked for only where there is a rate. Returns what the answer tells of its rate.
   * @throws Problem `overloaded`, `rate-limited`: nothing may be published
   */
  spend(caller: () => string, messages: number): RateHeaders | undefined {
    if (this.isOverloaded()) throw new Problem('overloaded', undefined, { 'retry-after': OVERLOAD_SECONDS })
    if (!this.#meter) return undefined
    const allowance = this.#meter.spend(caller(), messages)
    const headers = {
      'ratelimit-policy': this.#policy,
      ratelimit: `"publish";r=${allowance.remaining};t=${seconds(allowance.resetMs)}`,
    }
    if (allowance.allowed) return headers
    throw new Problem('rate-limited', undefined, { ...headers, 'retry-after': seconds(allowance.waitMs) })
  }

  /** Why the caller gets no stream now; undefined when it does. */
  streamRefusal(caller: string): StreamRefusal | undefined {
    if (this.isOverloaded()) return 'overloaded'
    const { MAX_STREAMS, MAX_STREAMS_PER_CALLER } = this.#settings
    const isFull =
      (MAX_STREAMS > 0 && this.#total >= MAX_STREAMS) ||
      (MAX_STREAMS_PER_CALLER > 0 && (this.#streams.get(caller) ?? 0) >= MAX_STREAMS_PER_CALLER)
    return isFull ? 'too_many_streams' : undefined
  }

  /** Counts a stream of the caller; the function that comes back takes it out again. */
  addStream(caller: string): () => void {
    this.#total++
    this.#streams.set(caller, (this.#streams.get(caller) ?? 0) + 1)
    return () => {
      this.#total--
      const left = (this.#streams.get(caller) ?? 1) - 1
      if (left > 0) this.#streams.set(caller, left)
      else this.#streams.delete(caller)
    }
  }
}

export type StreamRefusal = Extract<CloseReason, 'overloaded' | 'too_many_streams'>

/** The problem that a stream tells of before it ends. */
export const refusalProblem = (refusal: StreamRefusal): Problem =>
  new Problem(refusal === 'overloaded' ? 'overloaded' : 'too-many-streams', undefined, {
    'retry-after': OVERLOAD_SECONDS,
  })

/** RateLimit header fields for HTTP, draft-ietf-httpapi-ratelimit-headers-10. */
export type RateHeaders = Record<'ratelimit' | 'ratelimit-policy', string>

const seconds = (milliseconds: number): string => `${Math.ceil(milliseconds / 1000)}`

/** The load is measured anew each second. */
const OVERLOAD_SECONDS = '2'
