import { type AnyObserver, idOf } from './observer.js'
import { covers } from './patterns.js'
import type { Rig } from './rig.js'
import { poll } from './signal.js'

/** Ends the publishing, and waits until everybody has what is under way. */
export async function settle(rig: Rig): Promise<void> {
  rig.load.pause()
  await rig.signal.until(() => rig.load.open === 0, 15_000)
  await rig.signal.until(() => rig.listeners.every(({ live }) => live), 10_000)
  await poll(() => rig.topology.isWell(), 10_000)
  const { marks, deaf } = await mark(rig)
  const failed = marks.filter(id => rig.load.find(id)?.outcome !== 200)
  rig.expect(failed.length === 0, `Redis did not take ${failed.length} messages after the run`)
  rig.expect(deaf.length === 0, `deaf at the end: ${deaf.slice(0, 5).join(', ')}`)
  const { observers, sharded } = rig.topology
  const isSeen = (id: string, { observations }: AnyObserver) => observations.some(seen => seen.id === id)
  const seen = (id: string) =>
    sharded ? observers.some(one => isSeen(id, one)) : observers.every(one => isSeen(id, one))
  // One message is a sign of life for a pattern; the others are still to come before the streams are closed.
  const isThrough = (id: string) => {
    const { channel = '' } = rig.load.find(id) ?? {}
    return rig.listeners
      .filter(({ topics }) => topics.some(topic => covers(topic, channel)))
      .every(({ sessions }) => sessions.some(({ deliveries }) => deliveries.some(delivery => delivery.id === id)))
  }
  await rig.signal.until(() => marks.every(id => seen(id) && isThrough(id)), 5000)
  if (rig.options.history) rig.kept = await readKept(rig)
  for (const listener of rig.listeners) listener.close()
  for (const { name, output } of rig.gateways)
    for (const line of output.split('\n').filter(isErrorLine).slice(0, 3))
      rig.expect(false, `${name} logged: ${line.slice(0, 400)}`)
  for (const { name, refusals } of rig.listeners)
    for (const { status } of refusals) rig.expect(false, `${name} was refused a stream with ${status}`)
}

/** The messages in the history of each channel, in its order. */
async function readKept({ load, channels }: Rig): Promise<ReadonlyMap<string, readonly string[]>> {
  const kept = new Map<string, readonly string[]>()
  for (const channel of channels) {
    const entries = await load.native.xrange(`carillon:history:{${channel}}`, '-', '+')
    kept.set(
      channel,
      entries.map(([, fields]) => idOf(fields[fields.indexOf('d') + 1] ?? '')),
    )
  }
  return kept
}

/** One message on each channel for everybody; others, when a starved gateway took Redis for dead and told a gap. */
async function mark(rig: Rig): Promise<{ marks: string[]; deaf: string[] }> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const since = Date.now() - 1
    const marks = await rig.load.mark()
    const deaf = await rig.heard(since, 5000)
    if (deaf.length === 0 || !rig.lateness.starved || Date.now() > deadline) return { marks, deaf }
  }
}

/** A line of the log of level error or worse. */
const isErrorLine = (line: string): boolean => /"level":[56]0\b/.test(line) || /unhandled|uncaught/i.test(line)
