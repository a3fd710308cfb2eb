/**
 * Redis's glob over channel names, as a predicate. `pattern` keeps to `GLOB_PATTERN`.
 *
 * It reads the text of the glob, so that nothing compiled has to be kept. Time is bounded by pattern × name, as only the
 * last `*` is ever retried: a regular expression made from the glob could take exponential time for a hostile pattern.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  return name => matches(pattern, name)
}

function matches(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let starAt = 0
  while (n < name.length) {
    const part = p < pattern.length ? pattern.charCodeAt(p) : 0
    if (part === STAR) {
      star = ++p
      starAt = n
      continue
    }
    const code = name.charCodeAt(n)
    const next = part === BRACKET ? classEnd(pattern, p) : p + 1
    if (part === BRACKET ? isInClass(pattern, p, next, code) : part === code || part === QUESTION) {
      p = next
      n++
    } else if (star !== -1) {
      p = star
      n = ++starAt
    } else {
      return false
    }
  }
  while (p < pattern.length && pattern.charCodeAt(p) === STAR) p++
  return p === pattern.length
}

/** The place behind the class that begins at `pattern[start]`. */
export const classEnd = (pattern: string, start: number): number => pattern.indexOf(']', start) + 1

/** Hears of each range of a class, in order of its ends; returns whether the class is what lies in none of them. */
export function readClass(
  pattern: string,
  start: number,
  end: number,
  range: (from: number, to: number) => void,
): boolean {
  const isNegated = pattern[start + 1] === '^'
  for (let i = isNegated ? start + 2 : start + 1; i < end - 1; i++) {
    const from = pattern.charCodeAt(i)
    if (pattern[i + 1] === '-') i += 2
    const to = pattern.charCodeAt(i)
    // As in Redis, a range with its ends swapped means the same.
    range(Math.min(from, to), Math.max(from, to))
  }
  return isNegated
}

function isInClass(pattern: string, start: number, end: number, code: number): boolean {
  let found = false
  const isNegated = readClass(pattern, start, end, (from, to) => {
    if (code >= from && code <= to) found = true
  })
  return found !== isNegated
}

export const STAR = '*'.charCodeAt(0)
export const QUESTION = '?'.charCodeAt(0)
export const BRACKET = '['.charCodeAt(0)
