import type { Topic } from '../messages/topic.js'
import { Problem } from '../protocol/problems.js'

export interface PatternSettings {
  readonly MAX_PATTERNS: number
  readonly MAX_PATTERNS_PER_CALLER: number
}

/**
 * The patterns to which this gateway's streams are subscribed. Redis compares each PUBLISH with every pattern that anybody
 * is subscribed to, so a pattern slows down all publishers. The same pattern costs that once: it counts once for a caller,
 * and once in all.
 */
export class PatternLimits {
  /** How often patterns were refused. */
  refused = 0
  readonly #settings: PatternSettings
  readonly #all: Counts = new Map()
  readonly #ofCaller = new Map<string, Counts>()

  constructor(settings: PatternSettings) {
    this.#settings = settings
  }

  get size(): number {
    return this.#all.size
  }

  /**
   * Whether there is room for the patterns among the topics now.
   * @throws Problem `too-many-subscriptions` when there never will be
   */
  admits(caller: string, topics: readonly Topic[]): boolean {
    const patterns = new Set(patternsOf(topics))
    if (patterns.size === 0) return true
    const limits = [
      { name: 'MAX_PATTERNS', known: this.#all },
      { name: 'MAX_PATTERNS_PER_CALLER', known: this.#ofCaller.get(caller) ?? NONE },
    ] as const
    for (const { name, known } of limits) {
      const limit = this.#settings[name]
      if (limit === 0) continue
      if (patterns.size > limit) throw tooMany(patterns.size, limit, name)
      let added = 0
      for (const pattern of patterns) if (!known.has(pattern)) added++
      if (added === 0 || known.size + added <= limit) continue
      this.refused++
      return false
    }
    return true
  }

  /**
   * Counts the patterns among the topics of one stream: all of them, or none.
   * @throws Problem `too-many-patterns`, `too-many-subscriptions`
   */
  add(caller: string, topics: readonly Topic[]): void {
    if (!this.admits(caller, topics)) throw new Problem('too-many-patterns')
    for (const pattern of patternsOf(topics)) {
      const own = this.#ofCaller.get(caller) ?? new Map()
      this.#ofCaller.set(caller, own)
      change(own, pattern, 1)
      change(this.#all, pattern, 1)
    }
  }

  /** Takes out what `add` has counted. */
  remove(caller: string, topics: readonly Topic[]): void {
    for (const pattern of patternsOf(topics)) {
      change(this.#all, pattern, -1)
      const own = this.#ofCaller.get(caller)
      if (!own) continue
      change(own, pattern, -1)
      if (own.size === 0) this.#ofCaller.delete(caller)
    }
  }
}

/** By pattern, the streams that are subscribed to it. */
type Counts = Map<string, number>
const NONE: Counts = new Map()

const patternsOf = (topics: readonly Topic[]): string[] =>
  topics.flatMap(({ kind, name }) => (kind === 'pattern' ? [name] : []))

function change(counts: Counts, pattern: string, by: 1 | -1): void {
  const count = (counts.get(pattern) ?? 0) + by
  if (count > 0) counts.set(pattern, count)
  else counts.delete(pattern)
}

const tooMany = (asked: number, limit: number, setting: string): Problem =>
  new Problem('too-many-subscriptions', `The request names ${asked} patterns, and ${setting} allows ${limit}.`)
