import { coveredBy, type Work } from '../messages/glob-cover.js'
import { isChannelName } from '../messages/names.js'
import type { Topic } from '../messages/topic.js'

/**
 * The rights on a channel: `publish` to it, `subscribe` to it (and read its history), `inspect` who listens
 * there; `admin` is all of these, and what cannot be undone, such as deleting a history.
 */
export const RIGHTS = ['publish', 'subscribe', 'inspect', 'admin'] as const
export type Right = (typeof RIGHTS)[number]

/** For each right, the channels on which it is granted, as globs of `src/messages/glob.ts`. */
export type Rules = Partial<Record<Right, readonly string[]>>

/** Patterns of one right; most name a channel. */
interface Patterns {
  readonly names: readonly string[]
  readonly globs: readonly string[]
}

/** Rights on channel patterns. Only the text of the patterns is kept, because every token that is remembered has some. */
export class Grants {
  readonly #rules: Readonly<Record<Right, Patterns>>

  /** The patterns keep to `GLOB_PATTERN`. */
  constructor({ publish, subscribe, inspect, admin }: Rules) {
    this.#rules = { publish: split(publish), subscribe: split(subscribe), inspect: split(inspect), admin: split(admin) }
  }

  /** A pattern is only covered as a whole, by one of the grants. `work` gets the number of comparisons, and may throw. */
  cover(right: Right, { name }: Topic, work?: Work): boolean {
    return isCovered(this.#rules[right], name, work) || (right !== 'admin' && isCovered(this.#rules.admin, name, work))
  }

  get isEmpty(): boolean {
    return RIGHTS.every(right => !this.has(right))
  }

  /** Whether there is any channel on which the right is granted. */
  has(right: Right): boolean {
    return !isNone(this.#rules[right]) || !isNone(this.#rules.admin)
  }

  /** About how much memory it takes. */
  get bytes(): number {
    let bytes = 0
    for (const right of RIGHTS)
      for (const patterns of [this.#rules[right].names, this.#rules[right].globs])
        for (const pattern of patterns) bytes += pattern.length + STRING_BYTES
    return bytes
  }
}

/** The bytes that V8 adds to a string in an array. */
const STRING_BYTES = 32

const NONE: Patterns = { names: [], globs: [] }
const isNone = ({ names, globs }: Patterns): boolean => names.length === 0 && globs.length === 0

/** `isChannelName` says that a pattern holds nothing that a glob could read otherwise. */
function split(patterns: readonly string[] = []): Patterns {
  if (patterns.length === 0) return NONE
  return { names: patterns.filter(isChannelName), globs: patterns.filter(pattern => !isChannelName(pattern)) }
}

/** Equal texts first: they need no look at what they mean. */
function isCovered({ names, globs }: Patterns, name: string, work?: Work): boolean {
  work?.spend((names.length + globs.length) >> 3)
  if (names.includes(name) || globs.includes(name) || globs.includes('*')) return true
  const isCoveredBy = coveredBy(name)
  return globs.some(glob => isCoveredBy(glob, work))
}

export const EVERYTHING = new Grants({ admin: ['*'] })
