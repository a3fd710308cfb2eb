/*
 * What globs mean, as plainly as it can be said, and as slowly: for tests to compare with.
 */

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-']

/** `*`, or the characters that a part stands for. */
type Part = '*' | ReadonlySet<string>

function partsOf(glob: string): Part[] {
  return [...glob.matchAll(/\*+|\?|\[(\^?)([^\]]+)\]|./g)].map(([text, negated, items]) => {
    if (text.startsWith('*')) return '*'
    if (text === '?') return new Set(ALPHABET)
    if (items === undefined) return new Set(text)
    const ranges = [...items.matchAll(/(.)-(.)|(.)/g)].map(([, from, to, only]) => [from ?? only, to ?? only].sort())
    const isIn = (character: string) => ranges.some(([from = '', to = '']) => character >= from && character <= to)
    return new Set(ALPHABET.filter(character => isIn(character) !== (negated === '^')))
  })
}

/** By trying everything: only for short names. */
export function matchesPlainly(glob: string, name: string): boolean {
  const matches = ([part, ...parts]: Part[], rest: string): boolean => {
    if (part === undefined) return rest === ''
    if (part === '*') return matches(parts, rest) || (rest !== '' && matches([part, ...parts], rest.slice(1)))
    return rest !== '' && part.has(rest.charAt(0)) && matches(parts, rest.slice(1))
  }
  return matches(partsOf(glob), name)
}

/**
 * The decision about grants, part by part:
 *
 *     covers(i, j): all that inner[i…] matches, outer[j…] matches
 *       outer[j] is *     covers(i, j + 1), where the * stands for nothing, or
 *                         covers(i + 1, j), where it takes whatever inner[i] stands for
 *       both are one      every character of inner[i] is one of outer[j], and covers(i + 1, j + 1)
 *       inner[i] is *     nothing but a * can take it
 *       both at the end   yes
 */
export function coversPlainly(outerGlob: string, innerGlob: string): boolean {
  const outer = partsOf(outerGlob)
  const inner = partsOf(innerGlob)
  const covers = (i: number, j: number): boolean => {
    const wide = outer[j]
    const narrow = inner[i]
    if (wide === undefined) return narrow === undefined
    if (wide === '*') return covers(i, j + 1) || (narrow !== undefined && covers(i + 1, j))
    if (narrow === undefined || narrow === '*') return false
    return [...narrow].every(character => wide.has(character)) && covers(i + 1, j + 1)
  }
  return covers(0, 0)
}
