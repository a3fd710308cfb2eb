import { setTimeout as pause } from 'node:timers/promises'
import type { Rate } from './rate.js'

/** Where the gateways keep what their callers owe, together. */
export interface RateLimitStore {
  /**
   * Adds to what a caller owes. Resolves to what it owes then, in milliseconds; rejects when the rate-limit store cannot be
   * reached, with the charge made or not.
   */
  charge(caller: string, milliseconds: number): Promise<number>
}

/** The state of a rate limit after a charge. */
export interface Allowance {
  readonly allowed: boolean
  /** Messages that may follow at once. */
  readonly remaining: number
  /** Milliseconds until all of it is back. */
  readonly resetMs: number
  /** Milliseconds until what was refused would be allowed; 0 where it was. */
  readonly waitMs: number
}

interface Account {
  /** Milliseconds, as of `at`. */
  debt: number
  at: number
  /** Not told to the rate-limit store yet. */
  unsent: number
  isSending: boolean
}

/**
 * Holds each caller to a rate over all gateways, and needs no round trip before a publish. Every message
 * costs time, which a caller owes and which passes by itself (a token bucket, told as debt): it
 * may go on as long as it owes no more than the time of the rate.
 *
 *     spend ─▶ allowed by what is known here, at once
 *       └─ charge ┄┄▶ rate-limit store ┄┄▶ what the caller owes at all gateways ─▶ known here
 *
 * The charge travels beside the publish, one under way for each caller, however many messages it
 * stands for; what is a small part of the rate waits a moment for more, as each costs a script of Redis. So gateways may together let through a little more than the rate for as long as a
 * charge travels; what they let through is owed all the same, and over any longer time the rate is exact.
 * Without a rate-limit store, or while it is away, each gateway holds to the rate by itself.
 */
export class Meter {
  readonly #windowMs: number
  readonly #costMs: number
  readonly #store: RateLimitStore | undefined
  readonly #now: () => number
  readonly #accounts = new Map<string, Account>()
  #sweepAt = FIRST_SWEEP

  constructor(
    { count, seconds }: Rate,
    { rateLimitStore, now = () => performance.now() }: { rateLimitStore?: RateLimitStore; now?: () => number } = {},
  ) {
    this.#windowMs = seconds * 1000
    this.#costMs = this.#windowMs / count
    this.#store = rateLimitStore
    this.#now = now
  }

  /** Callers that owe something, or did not long ago. */
  get size(): number {
    return this.#accounts.size
  }

  /** Takes so many messages from what the caller has left, or nothing when that is not enough. */
  spend(caller: string, messages: number): Allowance {
    const now = this.#now()
    const account = this.#accounts.get(caller) ?? this.#open(caller, now)
    const owed = owedBy(account, now)
    const cost = messages * this.#costMs
    // A caller without debt may go over: a batch that is larger than the whole rate is paid off afterwards.
    if (owed > 0 && owed + cost > this.#windowMs) {
      return this.#describe(owed, Math.min(owed, owed + cost - this.#windowMs))
    }
    account.debt = owed + cost
    account.at = now
    if (this.#store) {
      account.unsent += cost
      if (!account.isSending) this.#settle(caller, account, this.#store)
    }
    return this.#describe(account.debt)
  }

  #describe(owed: number, waitMs = 0): Allowance {
    // Of what is owed a little has passed already; the next message may be a hair's breadth away.
    const remaining = Math.max(0, Math.floor((this.#windowMs - owed) / this.#costMs + 1e-6))
    return { allowed: waitMs === 0, remaining, resetMs: owed, waitMs }
  }

  async #settle(caller: string, account: Account, rateLimitStore: RateLimitStore): Promise<void> {
    account.isSending = true
    while (account.unsent > 0) {
      if (account.unsent < this.#windowMs * SMALL_PART) await pause(GATHER_MS, undefined, { ref: false })
      const charge = account.unsent
      account.unsent = 0
      const debt = await rateLimitStore.charge(caller, charge).catch(() => undefined) // the rate-limit store logs its own errors
      const now = this.#now()
      // It does not include charges made here meanwhile.
      if (debt !== undefined) Object.assign(account, { debt: debt + account.unsent, at: now })
    }
    account.isSending = false
  }

  #open(caller: string, now: number): Account {
    if (this.#accounts.size >= this.#sweepAt) {
      for (const [name, account] of this.#accounts)
        if (!account.isSending && owedBy(account, now) === 0) this.#accounts.delete(name)
      this.#sweepAt = Math.max(FIRST_SWEEP, this.#accounts.size * 2)
    }
    const account = { debt: 0, at: now, unsent: 0, isSending: false }
    this.#accounts.set(caller, account)
    return account
  }
}

const owedBy = ({ debt, at }: Account, now: number): number => Math.max(0, debt - (now - at))

const FIRST_SWEEP = 1000

const SMALL_PART = 0.01
const GATHER_MS = 10
