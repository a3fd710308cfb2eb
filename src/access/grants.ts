import { globMatcher, globSteps } from '../glob.js'
import { globCovers } from '../glob-cover.js'
import { isChannelName } from '../names.js'
import type { Topic } from '../topic.js'

/**
 * What one may do with a channel: `publish` to it, `subscribe` to it (and read its history), `inspect` who listens
 * there; `admin` is all of these, and what cannot be undone, such as deleting a history.
 */
export const RIGHTS = ['publish', 'subscribe', 'inspect', 'admin'] as const
export type Right = (typeof RIGHTS)[number]

/** For each right, the channels on which it is granted, as globs of `src/glob.ts`. */
export type Rules = Partial<Record<Right, readonly string[]>>

interface Compiled {
  readonly pattern: string
  readonly matches: (channel: string) => boolean
  readonly covers: (pattern: string) => boolean
}

/** Rights on channel patterns, ready to be asked. */
export class Grants {
  readonly #rules: Record<Right, readonly Compiled[]>

  /** The patterns keep to `GLOB_PATTERN`. */
  constructor(rules: Rules) {
    const admin = (rules.admin ?? []).map(compile)
    const compiled = (right: Right) => [...(rules[right] ?? []).map(compile), ...admin]
    this.#rules = {
      publish: compiled('publish'),
      subscribe: compiled('subscribe'),
      inspect: compiled('inspect'),
      admin,
    }
  }

  /** A pattern is only covered as a whole, by one of the grants. */
  cover(right: Right, { kind, name }: Topic): boolean {
    const rules = this.#rules[right]
    return kind === 'channel' ? rules.some(({ matches }) => matches(name)) : rules.some(({ covers }) => covers(name))
  }

  get isEmpty(): boolean {
    return RIGHTS.every(right => !this.has(right))
  }

  /** Whether there is any channel on which the right is granted. */
  has(right: Right): boolean {
    return this.#rules[right].length > 0
  }
}

function compile(pattern: string): Compiled {
  if (pattern === '*') return { pattern, matches: () => true, covers: () => true }
  // Most grants name a channel; `isChannelName` says that it holds nothing that a glob could read otherwise.
  if (isChannelName(pattern)) return { pattern, matches: name => name === pattern, covers: name => name === pattern }
  const steps = globSteps(pattern)
  return { pattern, matches: globMatcher(pattern), covers: other => globCovers(steps, globSteps(other)) }
}

export const EVERYTHING = new Grants({ admin: ['*'] })
