import type { Topic } from '../topic.js'
import { type Caller, endOf, OPEN } from './caller.js'
import type { Right } from './grants.js'
import { refusal } from './refusals.js'

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
