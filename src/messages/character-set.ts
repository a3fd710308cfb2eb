import { readClass } from './glob.js'

/**
 * All characters that a class can tell apart, in the order of their codes: from `.` to `z`, and `-`, which stands for every
 * other one. There are more than in `CHANNEL_PATTERN`, as native publishers use any names.
 */
export const ALPHABET = Array.from({ length: 78 }, (_, i) => String.fromCharCode(0x2d + i)).join('')
const PLACES = Uint8Array.from(
  { length: 129 },
  (_, code) => [...ALPHABET].filter(character => character.charCodeAt(0) < code).length,
)
/** How many characters of the alphabet have a lower code: the place of a character among them. */
export const placeOf = (code: number): number => PLACES[code] ?? ALPHABET.length

/** A set of characters, as bits by their places. */
export type Characters = Int32Array

export function charactersOf(glob: string, start: number, end: number): Characters {
  const characters = new Int32Array(SET_WORDS)
  const isNegated = readClass(glob, start, end, (from, to) => {
    for (let w = 0; w < SET_WORDS; w++)
      characters[w] = word(characters, w) | (firstOf(placeOf(to + 1), w) & ~firstOf(placeOf(from), w))
  })
  if (isNegated) for (let w = 0; w < SET_WORDS; w++) characters[w] = firstOf(ALPHABET.length, w) & ~word(characters, w)
  return characters
}

const SET_WORDS = 3
/** Of the set of the first so many characters, one word. */
const firstOf = (count: number, w: number): number => {
  const bits = count - 32 * w
  return bits <= 0 ? 0 : bits >= 32 ? -1 : (1 << bits) - 1
}

export const isSubset = (narrow: Characters, wide: Characters): boolean =>
  narrow.every((bits, w) => (bits & ~word(wide, w)) === 0)

/** The place of the character, where there is exactly one. */
export function onlyOne(characters: Characters): number | undefined {
  const places = [...ALPHABET]
    .map((_, place) => place)
    .filter(place => (word(characters, place >> 5) & (1 << (place & 31))) !== 0)
  return places.length === 1 ? places[0] : undefined
}

export function setBit(bits: Int32Array, start: number, bit: number): void {
  bits[start + (bit >> 5)] = word(bits, start + (bit >> 5)) | (1 << (bit & 31))
}

/** Nobody asks for what lies outside of the array. */
export const word = (words: Int32Array, i: number): number => words[i] as number
