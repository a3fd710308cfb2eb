import type { Work } from '../messages/glob-cover.js'
import { Slices } from '../messages/slices.js'
import { channelTopic, type Topic } from '../messages/topic.js'
import { Problem } from '../protocol/problems.js'
import { type Caller, endOf, OPEN } from './caller.js'
import type { Right } from './grants.js'

/**
 * The one place that decides. A channel is allowed when a grant matches it, a pattern when a grant covers every channel
 * that the pattern could ever match. `work` counts how much has to be compared, and may throw.
 */
export function allows(caller: Caller, right: Right, topic: Topic, work: Work = new WorkBudget()): boolean {
  if (caller === OPEN) return true
  return caller.grants.cover(right, topic, work) && endOf(caller) === undefined
}

/** @throws Problem `forbidden`, or `unauthenticated` for a request without credentials; `too-much-to-compare` */
export function requireAllowed(caller: Caller, right: Right, ...topics: readonly Topic[]): void {
  requireAllowedWithin(new WorkBudget(), caller, right, topics)
}

/** The same, for a request that asks several times: all of them together have one budget. */
export function requireAllowedWithin(work: Work, caller: Caller, right: Right, topics: readonly Topic[]): void {
  if (caller === OPEN) return
  work.spend(0) // what is used up stays so
  for (const topic of topics) if (!allows(caller, right, topic, work)) throw refusal(caller, right, topic)
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

/**
 * The first of the channels that the caller may inspect, in alphabetical order. There can be any number of channels, each
 * compared with all grants. So this is done in slices, and other work gets its turn between them.
 */
export async function visibleChannels(
  caller: Caller,
  channels: readonly string[],
  { after = '', most = Number.POSITIVE_INFINITY }: { after?: string; most?: number } = {},
): Promise<string[]> {
  const slices = new Slices()
  let found: string[] = []
  /** Nothing behind it is among the first. */
  let last: string | undefined
  for (const name of channels) {
    slices.spend(A_LOOK)
    if (slices.isOver) await slices.turn()
    if (name <= after || (last !== undefined && name > last)) continue
    if (!allows(caller, 'inspect', channelTopic(name), slices)) continue
    found.push(name)
    if (found.length < 2 * most) continue
    found = found.sort().slice(0, most)
    last = found.at(-1)
  }
  return found.sort().slice(0, most)
}

/** The price of passing over a name, in steps of comparing. */
const A_LOOK = 10

/**
 * How much may be compared to decide what one request is allowed. Strangers choose both sides, the patterns of the request
 * and those of its ticket or token, and the work grows with the product of the two.
 */
export class WorkBudget implements Work {
  #left = STEPS

  /** @throws Problem `too-much-to-compare` */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new Problem('too-much-to-compare')
  }
}

/**
 * A few milliseconds. A batch of 1,000 messages whose channels are compared with 100 similar grants each takes less; a
 * stream of 100 patterns that are compared with 100 others, all of them made to take long, takes more.
 */
const STEPS = 500_000

/**
 * Names the right that is missing, and the topic that was asked for; without a topic it is missing everywhere. The text is
 * the same whether or not the channel exists.
 */
export function refusal({ by }: Caller, right: Right, topic?: Topic): Problem {
  if (by === 'anonymous') return unauthenticated()
  const place = topic === undefined ? 'any channel' : `${topic.kind} "${topic.name}"`
  return new Problem('forbidden', `The ${CREDENTIALS[by]} does not have the right "${right}" on ${place}.`, {
    'www-authenticate': 'Bearer realm="carillon", error="insufficient_scope"',
  })
}

const CREDENTIALS: Record<Exclude<Caller['by'], 'anonymous'>, string> = {
  open: 'caller',
  host: 'caller',
  key: 'API key',
  token: 'token',
  ticket: 'ticket',
}

/** RFC 9110 section 11.6.1: a 401 names the scheme to authenticate with. */
export const unauthenticated = (): Problem =>
  new Problem('unauthenticated', undefined, { 'www-authenticate': 'Bearer realm="carillon"' })

/** RFC 6750 section 3.1. The log has what exactly is wrong; the client that made up a token does not learn it. */
export function invalidCredentials(detail?: string): Problem {
  const description = detail === undefined ? '' : `, error_description="${detail}"`
  return new Problem('invalid-credentials', detail, {
    'www-authenticate': `Bearer realm="carillon", error="invalid_token"${description}`,
  })
}
