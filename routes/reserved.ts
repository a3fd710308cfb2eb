import { channelProblem, patternProblem } from '../src/messages/names.js'
import type { Topic } from '../src/messages/topic.js'
import { nameProblem } from '../src/protocol/problems.js'

/** @throws Problem for a name that no client may use */
export function requireUsable(...topics: readonly Topic[]): void {
  for (const { kind, name } of topics) {
    const problem = kind === 'channel' ? channelProblem(name) : patternProblem(name)
    if (problem) throw nameProblem(problem, name)
  }
}
