import type { Blind, History, Publication } from './history.js'

/** A message that Redis executed, and when: not before `earliest`, not after `latest`. */
export interface Executed {
  readonly id: string
  readonly channel: string
  readonly earliest: number
  readonly latest: number
  /** Its place in what each node delivered; empty for one that was answered 200 while the observer was cut. */
  readonly places: ReadonlyMap<string, number>
}

export interface Truth {
  readonly publications: ReadonlyMap<string, Publication>
  readonly executed: ReadonlyMap<string, Executed>
  /** In the order in which Redis executed them, as far as it was observed. */
  readonly byChannel: ReadonlyMap<string, readonly Executed[]>
  /** Ids that a node delivered twice. */
  readonly repeated: readonly string[]
  /** True when an observer may have missed what was executed in this time. */
  mayBeUnobserved(publication: Publication): boolean
  /** True when a node that could be observed all the time never had it. */
  missedOnBus(message: Executed): boolean
}

/** The node of what was kept, where channels have a history: its order is the one that counts. */
export const HISTORY = 'history'

/** How long before an observer noticed that it was cut it may already have missed something. */
const BLIND_SLACK_MS = 250

/** What Redis did: what its observers saw, and what was answered 200 while they could not see. */
export function findTruth({ publications, observations, blind, kept }: History): Truth {
  const byId = new Map(publications.map(publication => [publication.id, publication]))
  const executed = new Map<string, Executed & { places: Map<string, number> }>()
  const repeated: string[] = []
  for (const [place, { id, channel, node, at, isAlone }] of observations.entries()) {
    const known = executed.get(id)
    if (known && (isAlone || known.places.has(node))) repeated.push(id)
    else if (known) known.places.set(node, place)
    else
      executed.set(id, {
        id,
        channel,
        earliest: byId.get(id)?.sentAt ?? at,
        latest: at,
        places: new Map([[node, place]]),
      })
  }
  const mayBeUnobserved = ({ sentAt, answeredAt = Number.POSITIVE_INFINITY }: Publication) =>
    blind.some(time => meets(time, sentAt, answeredAt))
  for (const publication of publications) {
    const { id, channel, outcome, sentAt, answeredAt = sentAt } = publication
    if (outcome === 200 && !executed.has(id) && mayBeUnobserved(publication))
      executed.set(id, { id, channel, earliest: sentAt, latest: answeredAt, places: new Map() })
  }
  for (const ids of kept?.values() ?? [])
    for (const [place, id] of ids.entries()) executed.get(id)?.places.set(HISTORY, place)
  const byChannel = new Map<string, Executed[]>()
  for (const message of executed.values()) {
    const others = byChannel.get(message.channel)
    if (others) others.push(message)
    else byChannel.set(message.channel, [message])
  }
  // Those that were not observed stand last; a stable sort by time brings them to where they belong.
  for (const messages of byChannel.values())
    if (messages.some(({ places }) => places.size === 0)) messages.sort((a, b) => a.latest - b.latest)
  const nodes = new Set(observations.map(({ node }) => node))
  const missedOnBus = ({ earliest, latest, places }: Executed) =>
    [...nodes].some(
      node => !places.has(node) && !blind.some(time => time.node === node && meets(time, earliest, latest)),
    )
  return { publications: byId, executed, byChannel, repeated, mayBeUnobserved, missedOnBus }
}

/** Whether an observer may have missed something of that time. */
export const meets = (time: Blind, from: number, to: number): boolean =>
  from <= time.to && to >= time.from - BLIND_SLACK_MS
