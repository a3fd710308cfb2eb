import type { Gateway } from './gateway.js'
import type { Publication } from './history.js'
import type { Listener } from './listener.js'
import { type Fault, isOutage, type Rig } from './rig.js'

/** Whom a fault concerned. */
interface Concerned {
  readonly gateways?: readonly Gateway[]
  readonly listeners?: readonly Listener[]
  readonly more?: number
}

/**
 * Each stream that was open all the time was told of the fault once for each of its topics.
 * Where the cure cuts the connection again, there may be so many more gaps; and a gateway that
 * waits for the processor takes Redis for dead as often as it has to.
 */
export function expectOneGapEach(
  rig: Rig,
  { startedAt }: Fault,
  { gateways = rig.gateways, listeners = rig.listeners, more = 0 }: Concerned = {},
): void {
  if (rig.options.history) {
    expectWhole(rig, startedAt)
    return
  }
  const names = new Set(gateways.map(({ name }) => name))
  const most = rig.lateness.starved ? Number.POSITIVE_INFINITY : 1 + more
  for (const { name, form, session } of listeners) {
    if (!session || session.openedAt > startedAt || !names.has(session.gateway)) continue
    for (const topic of session.topics) {
      const gaps = session.gaps.filter(gap => gap.kind === topic.kind && gap.name === topic.name && gap.at >= startedAt)
      rig.expect(
        gaps.length >= 1 && gaps.length <= most,
        `${name} (${form}) was told ${gaps.length} gaps on ${topic.name}, not ${most === 1 ? 1 : `1 to ${most}`}`,
      )
    }
  }
}

/** Nobody was told of a gap, as the history had everything. */
function expectWhole(rig: Rig, startedAt: number): void {
  if (!rig.options.keeps) return
  const gaps = rig.listeners.flatMap(({ sessions }) => sessions.flatMap(session => session.gaps))
  const late = gaps.filter(({ at }) => at >= startedAt)
  rig.expect(
    late.length === 0,
    `${late.length} gaps were told, the first for ${late[0]?.reason}, and the history had everything`,
  )
}

/** Nothing happened that a listener could have lost a message by since the last fault began. */
export function expectNoGaps(rig: Rig): void {
  const since = rig.faults.at(-1)?.startedAt ?? 0
  const gaps = rig.listeners.flatMap(({ sessions }) => sessions.flatMap(session => session.gaps))
  const late = gaps.filter(({ at }) => at >= since)
  const text = `${late.length} gaps were told, and there was nothing to lose a message by`
  // A gateway that waits for the processor takes Redis for dead, and may say so.
  if (late.length > 0 && rig.lateness.starved) rig.note(`${text}; the machine was starved`)
  else rig.expect(late.length === 0, text)
}

/** What was sent to gateways while the fault lasted had one of these outcomes. */
export function expectOnlyOutcomes(
  rig: Rig,
  { startedAt, liftedAt }: Fault,
  allowed: readonly Publication['outcome'][],
): void {
  const others = rig.load.publications.filter(
    ({ via, outcome, sentAt }) =>
      via !== 'native' &&
      sentAt >= startedAt &&
      sentAt <= liftedAt &&
      outcome !== 'pending' &&
      !allowed.includes(outcome),
  )
  const text = `${others.length} publishes had another outcome, the first ${others[0]?.outcome}`
  // A gateway that waits for the processor takes Redis for dead, and says so.
  if (rig.lateness.starved && others.every(({ outcome }) => isOutage(outcome))) {
    if (others.length > 0) rig.note(`${text}; the machine was starved`)
  } else rig.expect(others.length === 0, text)
}
