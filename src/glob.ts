/**
 * Redis's glob over channel names, as a predicate. `pattern` keeps to `GLOB_PATTERN`.
 *
 * Time is bounded by pattern × name, as only the last `*` is ever retried: a regular expression
 * made from the glob would be at the mercy of whoever chose the pattern.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  const steps = globSteps(pattern)
  return name => matches(steps, name)
}

type CharacterTest = (character: number) => boolean
/** Any characters, or one that passes the test. */
export type GlobStep = '*' | CharacterTest

/** A glob in parts; `pattern` keeps to `GLOB_PATTERN`. */
export function globSteps(pattern: string): GlobStep[] {
  const steps: GlobStep[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]
    if (character === '*') {
      if (steps.at(-1) !== '*') steps.push('*')
    } else if (character === '?') {
      steps.push(() => true)
    } else if (character === '[') {
      const { test, end } = parseClass(pattern, i + 1)
      steps.push(test)
      i = end
    } else {
      const code = pattern.charCodeAt(i)
      steps.push(other => other === code)
    }
  }
  return steps
}

/** A class, from behind its `[`; `end` is the place of its `]`. */
function parseClass(pattern: string, start: number): { test: CharacterTest; end: number } {
  const negated = pattern[start] === '^'
  const ranges: [number, number][] = []
  let i = negated ? start + 1 : start
  for (; i < pattern.length && pattern[i] !== ']'; i++) {
    const from = pattern.charCodeAt(i)
    if (pattern[i + 1] === '-') i += 2
    const to = pattern.charCodeAt(i)
    // As in Redis, a range with its ends swapped means the same.
    ranges.push([Math.min(from, to), Math.max(from, to)])
  }
  return { test: character => ranges.some(([from, to]) => character >= from && character <= to) !== negated, end: i }
}

function matches(steps: GlobStep[], name: string): boolean {
  let step = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < name.length) {
    const current = steps[step]
    if (current === '*') {
      star = step++
      starAt = at
    } else if (current?.(name.charCodeAt(at))) {
      step++
      at++
    } else if (star !== -1) {
      step = star + 1
      at = ++starAt
    } else {
      return false
    }
  }
  while (steps[step] === '*') step++
  return step === steps.length
}
