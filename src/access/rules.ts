import { isGlob } from '../messages/names.js'
import { RIGHTS, type Right, type Rules } from './grants.js'

/** Rights with a syntax error. The message names the place. */
export class RulesError extends Error {
  override readonly name = 'RulesError'
}

/**
 * Rights as JSON has them, in a setting or in a claim: `{"subscribe":["news","user:{sub}:*"]}`.
 * @throws RulesError
 */
export function readRules(value: unknown): Rules {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RulesError('rights are an object such as {"subscribe":["news","chat:*"]}')
  const rules: Partial<Record<Right, readonly string[]>> = {}
  for (const [right, patterns] of Object.entries(value)) {
    if (!isRight(right))
      throw new RulesError(`there is no right ${JSON.stringify(right)}: rights are ${RIGHTS.join(', ')}`)
    if (!Array.isArray(patterns)) throw new RulesError(`${right} is a list of channel patterns`)
    for (const pattern of patterns)
      if (typeof pattern !== 'string' || !isTemplate(pattern))
        throw new RulesError(`${right} has ${JSON.stringify(pattern)}, which is no channel pattern`)
    rules[right] = patterns
  }
  return rules
}

const isRight = (name: string): name is Right => (RIGHTS as readonly string[]).includes(name)

const PLACEHOLDER = '{sub}'

/** A glob in which `{sub}` may stand between literal characters: beside a wildcard its ends could not be told. */
function isTemplate(pattern: string): boolean {
  if (!isGlob(pattern.replaceAll(PLACEHOLDER, 'x'))) return false
  return neighbours(pattern).every(character => LITERAL.test(character))
}

/**
 * The rights with the subject in the place of `{sub}`. A pattern is left out where the subject could not be
 * told from its surroundings: with `user:{sub}:*` the subject `a:b` would lie within the reach of the subject `a`.
 */
export function forSubject(rules: Rules, subject: string | undefined): Rules {
  const filled: Partial<Record<Right, readonly string[]>> = {}
  for (const right of RIGHTS) {
    const patterns = rules[right]
    if (patterns) filled[right] = patterns.flatMap(pattern => fill(pattern, subject))
  }
  return filled
}

function fill(pattern: string, subject: string | undefined): string[] {
  if (!pattern.includes(PLACEHOLDER)) return [pattern]
  if (subject === undefined || !SUBJECT.test(subject)) return []
  if (neighbours(pattern).some(character => subject.includes(character))) return []
  const filled = pattern.replaceAll(PLACEHOLDER, subject) // a subject holds no `$`, which would mean something here
  return isGlob(filled) ? [filled] : []
}

/** The characters right before and behind each placeholder. */
function neighbours(pattern: string): string[] {
  const parts = pattern.split(PLACEHOLDER)
  return parts.flatMap((part, i) => [
    ...(i > 0 ? part.slice(0, 1) : ''),
    ...(i < parts.length - 1 ? part.slice(-1) : ''),
  ])
}

/** The characters of channel names: see `CHANNEL_PATTERN`. */
const LITERAL = /^[A-Za-z0-9._:-]$/
const SUBJECT = /^[A-Za-z0-9._:-]{1,128}$/
