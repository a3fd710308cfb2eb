import { Slices } from '../messages/slices.js'
import { channelTopic } from '../messages/topic.js'
import { allows } from './allows.js'
import type { Caller } from './caller.js'

/**
 * The first of the channels that the caller may inspect, in alphabetical order. There can be any number of channels, each
 * compared with all that was granted: that is done in slices, between which others have their turn.
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
    slices.spend(STEPS_PER_LOOKUP)
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

/** The cost of skipping a name, in steps of comparing. */
const STEPS_PER_LOOKUP = 10
