import { Problem } from '../problems.js'
import type { Topic } from '../topic.js'
import { type Caller, endOf, OPEN } from './caller.js'
import type { Right } from './grants.js'

/**
 * The one place that decides. A channel is allowed when a grant matches it, a pattern when a grant covers every
 * channel that the pattern could ever match.
 */
export function allows(caller: Caller, right: Right, topic: Topic): boolean {
  if (caller === OPEN) return true
  return caller.grants.cover(right, topic) && endOf(caller) === undefined
}

/** @throws Problem `forbidden`, or `unauthenticated` for who showed nothing yet */
export function requireAllowed(caller: Caller, right: Right, ...topics: readonly Topic[]): void {
  for (const topic of topics) if (!allows(caller, right, topic)) throw refusal(caller)
}

/** The same words whatever exists: a refusal tells nothing about the channel. */
export const refusal = (caller: Caller): Problem =>
  caller.by === 'anonymous' ? unauthenticated() : new Problem('forbidden')

/** RFC 9110 section 11.6.1: a 401 says how to do better. */
export const unauthenticated = (): Problem =>
  new Problem('unauthenticated', undefined, { 'www-authenticate': 'Bearer realm="carillon"' })
