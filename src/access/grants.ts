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

/** Patterns of one right; most name a channel. */
interface Patterns {
  readonly names: readonly string[]
  readonly globs: readonly string[]
}

/**
 * Rights on channel patterns. Only the text of the patterns is kept, because every token that is remembered has some:
 * what a pattern compiles to is larger than its text by far, and is shared (`compiled`).
 */
export class Grants {
  readonly #rules: Readonly<Record<Right, Patterns>>

  /** The patterns keep to `GLOB_PATTERN`. */
  constructor({ publish, subscribe, inspect, admin }: Rules) {
    this.#rules = { publish: split(publish), subscribe: split(subscribe), inspect: split(inspect), admin: split(admin) }
  }

  /** A pattern is only covered as a whole, by one of the grants. */
  cover(right: Right, topic: Topic): boolean {
    return isCovered(this.#rules[right], topic) || (right !== 'admin' && isCovered(this.#rules.admin, topic))
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

/** What V8 adds to the characters of a string that stands in an array. */
const STRING_BYTES = 32

const NONE: Patterns = { names: [], globs: [] }
const isNone = ({ names, globs }: Patterns): boolean => names.length === 0 && globs.length === 0

/** `isChannelName` says that a pattern holds nothing that a glob could read otherwise. */
function split(patterns: readonly string[] = []): Patterns {
  if (patterns.length === 0) return NONE
  return { names: patterns.filter(isChannelName), globs: patterns.filter(pattern => !isChannelName(pattern)) }
}

function isCovered({ names, globs }: Patterns, { kind, name }: Topic): boolean {
  if (names.includes(name)) return true
  return globs.some(glob => {
    if (glob === name || glob === '*') return true
    return kind === 'channel' ? beginsAlike(glob, name) && compiled(glob).matches(name) : compiled(glob).covers(name)
  })
}

/** Whether the name has all that stands in front of the first wildcard. Most globs are told apart by that. */
function beginsAlike(glob: string, name: string): boolean {
  for (let i = 0; i < glob.length; i++) {
    const character = glob.charCodeAt(i)
    if (character === STAR || character === QUESTION_MARK || character === BRACKET) return true
    if (character !== name.charCodeAt(i)) return false
  }
  return true
}

const STAR = 0x2a
const QUESTION_MARK = 0x3f
const BRACKET = 0x5b

interface Compiled {
  readonly matches: (channel: string) => boolean
  readonly covers: (pattern: string) => boolean
}

/**
 * The compiled form of a glob, the same for all callers. Those of late are remembered, up to a number of characters:
 * tokens bring any number of globs along. When the newer half is full it becomes the older one, and what is still in use
 * moves over.
 */
function compiled(glob: string): Compiled {
  const known = newer.get(glob)
  if (known) return known
  const made = older.get(glob) ?? compile(glob)
  if (characters + glob.length > MAX_CHARACTERS) {
    older = newer
    newer = new Map()
    characters = 0
  }
  newer.set(glob, made)
  characters += glob.length
  return made
}

let newer = new Map<string, Compiled>()
let older = newer
/** In `newer`. */
let characters = 0
/** Each takes a few hundred bytes at most. */
const MAX_CHARACTERS = 16 * 1024

function compile(glob: string): Compiled {
  let steps: ReturnType<typeof globSteps> | undefined
  const covers = (other: string): boolean => {
    steps ??= globSteps(glob)
    return globCovers(steps, globSteps(other))
  }
  return { matches: globMatcher(glob), covers }
}

export const EVERYTHING = new Grants({ admin: ['*'] })
