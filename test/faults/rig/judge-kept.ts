import type { Truth } from './truth.js'
import type { Rules, Violation } from './verdict.js'

/** Holds the histories against what publishers were told. */
export function* judgeKept(
  { publications }: Truth,
  kept: ReadonlyMap<string, readonly string[]>,
  { isKept }: Rules,
): Generator<Violation> {
  for (const [channel, ids] of kept) {
    const seen = new Set<string>()
    for (const id of ids) {
      if (seen.has(id)) yield { kind: 'kept twice', detail: `${id} on ${channel}` }
      seen.add(id)
    }
    if (!isKept) continue
    for (const { id, outcome, sentAt, ...publication } of publications.values())
      if (publication.channel === channel && outcome === 200 && !seen.has(id))
        yield { kind: 'not kept', detail: `${id} on ${channel}, sent at ${sentAt}` }
  }
}
