import type { ModelBroker } from './model-broker.js'
import type { ResumingClient, Seen } from './resuming-client.js'

/** Whether something came twice with no gap between. */
function sameTwice(seen: readonly Seen[]): boolean {
  const since = new Set<Seen>()
  for (const item of seen) {
    if (item === 'gap') since.clear()
    else if (item !== 'begin' && since.has(item)) return true
    else since.add(item)
  }
  return false
}

/** What is wrong with what a client saw of a channel. */
export function judge(broker: ModelBroker, client: ResumingClient, name: string): string | undefined {
  const seen = client.seen.get(name) ?? []
  const texts = seen.filter(item => item !== 'gap' && item !== 'begin')
  // What was on its way when its history was deleted or set back may come after the gap that says so, and be known.
  if (sameTwice(seen)) return `something came twice: ${seen.join(', ')}`
  const truth = (broker.truth.get(name) ?? []).map(({ epoch, offset, tag }) => ({
    text: `${epoch} ${offset} ${tag}`,
    epoch,
    offset,
  }))
  let known: { epoch: string; offset: number; at: number } | undefined
  let excused = true
  for (const item of seen) {
    if (item === 'gap' || item === 'begin') excused = true
    if (item === 'gap' || item === 'begin' || item.startsWith('native')) continue
    const at = truth.findIndex(({ text }) => text === item)
    const it = truth[at]
    if (!it) return `nobody published ${item}`
    if (!excused && known && at < known.at) return `${item} is out of order: ${seen.join(', ')}`
    // By the order of publication, and not by the numbers: those of what was rolled back are given again.
    const follows = at === (known?.at ?? -1) + 1
    if (!excused && !follows) return `a hole before ${item}: ${seen.join(', ')}`
    known = { ...it, at }
    excused = false
  }
  const newest = broker.lastMessage(name)
  if (client.connected && newest && !excused) {
    const text = `${newest.epoch} ${newest.offset} ${newest.tag}`
    // It may be ahead of a history that was set back: it misses nothing.
    const isAhead = truth.findIndex(item => item.text === text) < (known?.at ?? 0)
    if (!isAhead && !texts.includes(text)) return `${text} is missing at the end: ${seen.join(', ')}`
  }
  return undefined
}
