import { ALPHABET, type Characters, charactersOf, isSubset, onlyOne, placeOf, setBit, word } from './character-set.js'
import { BRACKET, classEnd, QUESTION, readClass, STAR } from './glob.js'

/** Is told how many steps a comparison took. It may throw to put an end to a series of them. */
export interface Work {
  spend(steps: number): void
}

/**
 * Whether every channel name that the topic matches is matched by a glob too. The topic is a channel's name or a glob
 * itself; what is worked out about it serves for all globs that it is compared with.
 *
 * Never true when it is not so. It may be false where it is so, when only an argument over several parts at
 * once would show it: `?*` matches all that `*?` does, and is not seen to.
 */
export function coveredBy(topic: string): (glob: string, work?: Work) => boolean {
  let parts: Parts | undefined
  return (glob, work) => {
    if (glob === topic) return true
    const head = commonHead(glob, topic)
    work?.spend((head >> 3) + 1) // such a comparison costs little beside the other
    const next = glob.charCodeAt(head)
    if (next === STAR && head === glob.length - 1) return true
    if (!isWild(next) && !isWild(topic.charCodeAt(head))) return false
    parts ??= new Parts(topic)
    return parts.areTakenBy(glob, head, work)
  }
}

/** How many characters at the beginning are the same in both, and stand for themselves. */
function commonHead(glob: string, topic: string): number {
  const most = Math.min(glob.length, topic.length)
  let i = 0
  while (i < most && glob.charCodeAt(i) === topic.charCodeAt(i) && !isWild(glob.charCodeAt(i))) i++
  return i
}

const isWild = (code: number): boolean => code === STAR || code === QUESTION || code === BRACKET

/**
 * The parts of a topic, which a glob takes one after the other as it would the characters of a name: one part of the glob
 * takes a part that stands for no other characters; its `*` takes any number of parts, and alone takes a `*`.
 *
 * All ways to do that are followed at once, in the bits of a few words: bit i is set when the glob, as far as it has been
 * read, can have taken the first i parts. So time is bounded by glob × topic / 32, whatever the two are.
 *
 *     parts of the topic    c h a t : *
 *     after `chat:`         ─────────── 5
 *     after `chat:*`        ─────────── 5, 6     all parts are taken: it is covered
 */
class Parts {
  #count = 0
  readonly #words: number
  /** All that are no `*`. */
  readonly #single: Int32Array
  /** Row k has those that stand for one certain character, which is among the first k of the alphabet. */
  readonly #among: Int32Array
  /** Those that stand for one of several characters. */
  readonly #classes: { readonly part: number; readonly characters: Characters }[] = []
  /** While a glob is read: how many parts it can have taken so far, and those that a class of it can take. */
  readonly #reached: Int32Array
  readonly #next: Int32Array

  constructor(topic: string) {
    this.#words = (topic.length >> 5) + 1
    this.#single = new Int32Array(this.#words)
    this.#among = new Int32Array((ALPHABET.length + 1) * this.#words)
    this.#reached = new Int32Array(this.#words)
    this.#next = new Int32Array(this.#words)
    this.#read(topic)
  }

  #read(topic: string): void {
    const one = (place: number): void => setBit(this.#among, (place + 1) * this.#words, this.#count)
    for (let i = 0; i < topic.length; this.#count++) {
      const code = topic.charCodeAt(i)
      const end = code === BRACKET ? classEnd(topic, i) : i + 1
      if (code !== STAR) setBit(this.#single, 0, this.#count)
      if (code === BRACKET) {
        const characters = charactersOf(topic, i, end)
        const place = onlyOne(characters)
        if (place !== undefined) one(place)
        else this.#classes.push({ part: this.#count, characters })
      } else if (!isWild(code)) {
        one(placeOf(code))
      }
      i = end
    }
    for (let i = this.#words; i < this.#among.length; i++)
      this.#among[i] = word(this.#among, i) | word(this.#among, i - this.#words)
  }

  /** Whether the glob takes all of them; what stands before `start` takes as many, one by one. */
  areTakenBy(glob: string, start: number, work: Work | undefined): boolean {
    const reached = this.#reached.fill(0)
    setBit(reached, 0, start)
    const words = this.#words
    let steps = words
    let isPossible = true
    for (let i = start; i < glob.length && isPossible; ) {
      const code = glob.charCodeAt(i)
      const end = code === BRACKET ? classEnd(glob, i) : i + 1
      steps += (end - i) * words
      if (code === STAR) {
        fillUp(reached)
      } else if (code === QUESTION) {
        isPossible = advance(reached, this.#single)
      } else if (code === BRACKET) {
        steps += this.#classes.length
        isPossible = advance(reached, this.#inClass(glob, i, end))
      } else {
        const row = placeOf(code) * words
        isPossible = advance(reached, this.#among, row + words, row)
      }
      i = end
    }
    work?.spend(steps)
    return isPossible && (word(reached, this.#count >> 5) & (1 << (this.#count & 31))) !== 0
  }

  /** Those that stand for nothing but what is in the class. That is never so for a `?`: each class lacks something. */
  #inClass(glob: string, start: number, end: number): Int32Array {
    const words = this.#words
    const found = this.#next.fill(0)
    const isNegated = readClass(glob, start, end, (from, to) => {
      const low = placeOf(from) * words
      const high = placeOf(to + 1) * words
      for (let w = 0; w < words; w++)
        found[w] = word(found, w) | (word(this.#among, high + w) & ~word(this.#among, low + w))
    })
    const last = ALPHABET.length * words
    if (isNegated) for (let w = 0; w < words; w++) found[w] = word(this.#among, last + w) & ~word(found, w)
    if (this.#classes.length === 0) return found
    const wide = charactersOf(glob, start, end)
    for (const { part, characters } of this.#classes) if (isSubset(characters, wide)) setBit(found, 0, part)
    return found
  }
}

/**
 * A part of the glob takes one part of the topic, of those in `row` and not in `without`. False when there is none that
 * it could take.
 */
function advance(reached: Int32Array, parts: Int32Array, row = 0, without = -1): boolean {
  let carry = 0
  let any = 0
  for (let w = 0; w < reached.length; w++) {
    let taken = word(reached, w) & word(parts, row + w)
    if (without >= 0) taken &= ~word(parts, without + w)
    const now = (taken << 1) | carry
    reached[w] = now
    carry = taken >>> 31
    any |= now
  }
  return any !== 0
}

/** A `*` has taken any number of further parts. */
function fillUp(reached: Int32Array): void {
  let w = 0
  while (word(reached, w) === 0) w++ // there is one, or it would have been over
  const first = word(reached, w)
  reached[w] = first | -first
  while (++w < reached.length) reached[w] = -1
}
