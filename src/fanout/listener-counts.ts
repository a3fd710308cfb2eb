import { coveredBy } from '../messages/glob-cover.js'
import { Slices } from '../messages/slices.js'
import type { FanoutGroup } from './fanout-group.js'

/** Topics that have clients, by their names. */
type Audiences = ReadonlyMap<string, { readonly groups: ReadonlySet<FanoutGroup> }>

/**
 * For each channel, the clients that hear it, by its name or by patterns. The channels are one stranger's and the patterns
 * are others': the work grows with the product of the two, so it is done in slices.
 * @param isWanted asked between two slices; when it says no, the counts are undefined
 */
export async function countListeners(
  channels: readonly string[],
  { byName, byPattern }: { byName: Audiences; byPattern: Audiences },
  isWanted: () => boolean = () => true,
): Promise<number[] | undefined> {
  const slices = new Slices()
  const counts: number[] = []
  for (const channel of channels) {
    const groups = new Set<FanoutGroup>()
    const add = (more: Iterable<FanoutGroup> = []): void => {
      for (const group of more) groups.add(group)
      slices.spend(groups.size)
    }
    add(byName.get(channel)?.groups)
    const isCoveredBy = coveredBy(channel)
    for (const [pattern, { groups: more }] of byPattern) {
      if (isCoveredBy(pattern, slices)) add(more)
      if (!slices.isOver) continue
      await slices.turn()
      if (!isWanted()) return undefined
    }
    let count = 0
    for (const group of groups) count += group.size
    counts.push(count)
  }
  return counts
}
