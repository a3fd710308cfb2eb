import type { Publication, Stall } from './history.js'
import type { Truth } from './truth.js'
import type { Rules, Violation } from './verdict.js'

/** Holds what publishers were told against what Redis did. */
export function* judgePublishes(truth: Truth, stalls: readonly Stall[], rules: Rules): Generator<Violation> {
  for (const id of truth.repeated) yield { kind: 'executed twice', detail: describe(id, truth.publications.get(id)) }
  for (const publication of truth.publications.values()) {
    const { id, outcome, via } = publication
    const executed = truth.executed.has(id)
    const detail = describe(id, publication)
    if (outcome === 200 && !executed) yield { kind: 'answered 200 and not executed', detail }
    if (isRefusal(outcome) && executed) yield { kind: 'executed although refused', detail }
    if ((publication.positions?.size ?? 0) > 1)
      yield { kind: 'several ids', detail: `${detail}: ${[...(publication.positions ?? [])]}` }
    if (via === 'native' || stalls.some(stall => isStalled(stall, publication))) continue
    if (outcome === 'pending') yield { kind: 'unanswered', detail }
    else if (answerTime(publication) > rules.answerWithinMs) yield { kind: 'slow answer', detail }
  }
}

/** Milliseconds from the sending to the answer. */
export const answerTime = ({ sentAt, answeredAt = sentAt, slowestMs }: Publication): number =>
  slowestMs ?? answeredAt - sentAt

/** Times of the answers that gateways gave, those that stood still apart. */
export const answerTimes = (truth: Truth, stalls: readonly Stall[]): number[] =>
  [...truth.publications.values()]
    .filter(publication => publication.via !== 'native' && typeof publication.outcome === 'number')
    .filter(publication => !stalls.some(stall => isStalled(stall, publication)))
    .map(answerTime)

/** The publisher was told that nothing was published. 504 says that nobody knows. */
const isRefusal = (outcome: Publication['outcome']): boolean =>
  outcome === 'refused' || (typeof outcome === 'number' && outcome !== 200 && outcome !== 504)

const isStalled = ({ gateway, from, to }: Stall, { via, sentAt, answeredAt }: Publication): boolean =>
  gateway === via && sentAt <= to && (answeredAt ?? Number.POSITIVE_INFINITY) >= from

const describe = (id: string, publication: Publication | undefined): string =>
  publication
    ? `${id} on ${publication.channel} by ${publication.via}, sent at ${publication.sentAt}, ${publication.outcome} after ${answerTime(publication)} ms`
    : `${id}, which nobody sent`
