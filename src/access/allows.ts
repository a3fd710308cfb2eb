import type { Work } from '../messages/glob-cover.js'
import { channelTopic, type Topic } from '../messages/topic.js'
import { type Caller, endOf, OPEN } from './caller.js'
import type { Right } from './grants.js'
import { refusal } from './refusals.js'
import { WorkBudget } from './work-budget.js'

/**
 * The one place that decides. A channel is allowed when a grant matches it, a pattern when a grant covers every
 * channel that the pattern could ever match. `work` is told how much had to be compared, and may throw.
 */
export function allows(caller: Caller, right: Right, topic: Topic, work: Work = new WorkBudget()): boolean {
  if (caller === OPEN) return true
  return caller.grants.cover(right, topic, work) && endOf(caller) === undefined
}

/** @throws Problem `forbidden`, or `unauthenticated` for an anonymous client; `too-much-to-compare` */
export function requireAllowed(caller: Caller, right: Right, ...topics: readonly Topic[]): void {
  requireAllowedWithin(new WorkBudget(), caller, right, topics)
}

/** The same, for a request that asks several times: all of them together have one budget. */
export function requireAllowedWithin(work: Work, caller: Caller, right: Right, topics: readonly Topic[]): void {
  if (caller === OPEN) return
  work.spend(0) // what is used up stays so
  for (const topic of topics) if (!allows(caller, right, topic, work)) throw refusal(caller)
}

/** Whether the caller may do it now, for a question that comes with each frame: the grants are compared only once. */
export function allowance(caller: Caller, right: Right, topic: Topic): () => boolean {
  if (caller === OPEN) return () => true
  const isGranted = caller.grants.cover(right, topic)
  return () => isGranted && endOf(caller) === undefined
}

/**
 * For a request that names many channels: throws as `requireAllowed` does. Each channel is compared once, and all of them
 * have one budget.
 */
export function allowedChannels(caller: Caller, right: Right): (name: string) => void {
  const work = new WorkBudget()
  const allowed = new Set<string>()
  return name => {
    if (allowed.has(name)) return
    requireAllowedWithin(work, caller, right, [channelTopic(name)])
    allowed.add(name)
  }
}
