import { Problem } from '../protocol/problems.js'
import { Meter, type RateLimitStore } from './meter.js'
import { readRate } from './rate.js'

/** RateLimit header fields for HTTP, draft-ietf-httpapi-ratelimit-headers-10. */
export type RateHeaders = Record<'ratelimit' | 'ratelimit-policy', string>

export interface RateLimitOptions {
  /** Of the policy, in the header fields. */
  readonly name: string
  readonly setting: string
  /** The configured rate. */
  readonly rate: string
  readonly rateLimitStore?: RateLimitStore | undefined
  /** Said in the problem when a caller is over the rate. */
  readonly detail?: string
}

/** Limits each caller to a rate, and reports it in HTTP header fields. */
export class RateLimit {
  readonly #name: string
  readonly #policy: string
  readonly #detail: string | undefined
  readonly #meter: Meter

  /** @throws ConfigError */
  constructor({ name, setting, rate, rateLimitStore, detail }: RateLimitOptions) {
    const { count, seconds } = readRate(rate, setting)
    this.#name = name
    this.#policy = `"${name}";q=${count};w=${seconds}`
    this.#detail = detail
    this.#meter = new Meter({ count, seconds }, rateLimitStore && { rateLimitStore })
  }

  /**
   * Takes so much from what the caller has left, or nothing when that is not enough.
   * @throws Problem `rate-limited`
   */
  spend(caller: string, amount: number): RateHeaders {
    const allowance = this.#meter.spend(caller, amount)
    const headers = {
      'ratelimit-policy': this.#policy,
      ratelimit: `"${this.#name}";r=${allowance.remaining};t=${inSeconds(allowance.resetMs)}`,
    }
    if (allowance.allowed) return headers
    throw new Problem('rate-limited', this.#detail, { ...headers, 'retry-after': inSeconds(allowance.waitMs) })
  }
}

const inSeconds = (milliseconds: number): string => `${Math.ceil(milliseconds / 1000)}`
