import type { Topic } from '../messages/topic.js'
import type { CloseReason } from '../protocol/close-reasons.js'
import type { ProblemType } from '../protocol/problem-types.js'
import { Problem } from '../protocol/problems.js'
import type { RateLimitStore } from './meter.js'
import { PatternLimits, type PatternSettings } from './pattern-limits.js'
import { type RateHeaders, RateLimit } from './rate-limit.js'

export interface LimitSettings extends PatternSettings {
  readonly PUBLISH_RATE?: string
  readonly TICKET_RATE: string
  readonly KEY_TICKET_RATE: string
  readonly MAX_STREAMS: number
  readonly MAX_STREAMS_PER_CALLER: number
}

/** The limits of each caller and of the gateway as a whole. */
export class Limits {
  /** Whether the process has more to do than it can; set by who measures it. */
  isOverloaded: () => boolean = () => false
  readonly patterns: PatternLimits
  readonly #settings: LimitSettings
  readonly #publishes: RateLimit | undefined
  /** By the setting that holds it. */
  readonly #tickets: Readonly<Record<'TICKET_RATE' | 'KEY_TICKET_RATE', RateLimit>>
  readonly #streams = new Map<string, number>()
  #total = 0

  /** @throws ConfigError */
  constructor(settings: LimitSettings, rateLimitStore?: RateLimitStore) {
    this.#settings = settings
    this.patterns = new PatternLimits(settings)
    const { PUBLISH_RATE: rate } = settings
    if (rate !== undefined)
      this.#publishes = new RateLimit({ name: 'publish', setting: 'PUBLISH_RATE', rate, rateLimitStore })
    const ofTickets = (setting: 'TICKET_RATE' | 'KEY_TICKET_RATE'): RateLimit => {
      const detail = `${setting} lets one caller have ${settings[setting]} tickets.`
      return new RateLimit({ name: 'tickets', setting, rate: settings[setting], rateLimitStore, detail })
    }
    this.#tickets = { TICKET_RATE: ofTickets('TICKET_RATE'), KEY_TICKET_RATE: ofTickets('KEY_TICKET_RATE') }
  }

  /**
   * Charges the caller for the messages that it is about to publish. `caller` is called only where a rate is set. Returns the rate headers of the answer.
   * @throws Problem `overloaded`, `rate-limited`: nothing may be published
   */
  spend(caller: () => string, messages: number): RateHeaders | undefined {
    this.#requireCapacity()
    return this.#publishes?.spend(caller(), messages)
  }

  /**
   * Counts a ticket that the caller is about to get. A key is a backend, which gets tickets for all of its users.
   * @throws Problem `overloaded`, `rate-limited`
   */
  spendTicket(caller: string, { isKey }: { isKey: boolean }): RateHeaders {
    this.#requireCapacity()
    return this.#tickets[isKey ? 'KEY_TICKET_RATE' : 'TICKET_RATE'].spend(`tickets ${caller}`, 1)
  }

  #requireCapacity(): void {
    if (this.isOverloaded()) throw new Problem('overloaded', undefined, { 'retry-after': OVERLOAD_SECONDS })
  }

  /**
   * Why the caller gets no stream of the topics now; undefined when it does.
   * @throws Problem `too-many-subscriptions` when it never will
   */
  streamRefusal(caller: string, topics: readonly Topic[] = []): StreamRefusal | undefined {
    if (this.isOverloaded()) return 'overloaded'
    const { MAX_STREAMS, MAX_STREAMS_PER_CALLER } = this.#settings
    const isFull =
      (MAX_STREAMS > 0 && this.#total >= MAX_STREAMS) ||
      (MAX_STREAMS_PER_CALLER > 0 && (this.#streams.get(caller) ?? 0) >= MAX_STREAMS_PER_CALLER)
    if (isFull) return 'too_many_streams'
    return this.patterns.admits(caller, topics) ? undefined : 'too_many_patterns'
  }

  /** Counts a stream of the caller. The returned function removes it again. */
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

export type StreamRefusal = Extract<CloseReason, 'overloaded' | 'too_many_streams' | 'too_many_patterns'>

const REFUSALS = {
  overloaded: 'overloaded',
  too_many_streams: 'too-many-streams',
  too_many_patterns: 'too-many-patterns',
} as const satisfies Record<StreamRefusal, ProblemType>

/** The problem that a refused stream reports before it ends. */
export const refusalProblem = (refusal: StreamRefusal): Problem =>
  new Problem(REFUSALS[refusal], undefined, {
    'retry-after': OVERLOAD_SECONDS,
  })

/** The load is measured once a second. */
const OVERLOAD_SECONDS = '2'
