import type { Delivery, GapEvent, Session, TopicLog } from './history.js'
import { covers } from './patterns.js'
import { type Executed, HISTORY, type Truth } from './truth.js'
import type { Rules, Violation } from './verdict.js'

export interface Losses {
  inGaps: number
  atEnd: number
  onBus: number
}

/** Holds what one stream brought against what Redis did. */
export function* judgeSession(session: Session, truth: Truth, rules: Rules, losses: Losses): Generator<Violation> {
  yield* judgeGaps(session)
  yield* judgeContents(session, truth, rules, losses)
}

/** The same, without a look at how it was told of its gaps. */
export function* judgeContents(session: Session, truth: Truth, rules: Rules, losses: Losses): Generator<Violation> {
  const byChannel = new Map<string, Delivery[]>()
  for (const delivery of session.deliveries) {
    const others = byChannel.get(delivery.channel)
    if (others) others.push(delivery)
    else byChannel.set(delivery.channel, [delivery])
  }
  for (const channel of new Set([...byChannel.keys(), ...truth.byChannel.keys()])) {
    const topics = session.topics.filter(topic => covers(topic, channel))
    const gaps = session.gaps.filter(gap => covers(gap, channel)).map(gap => asExecuted(gap, truth))
    const deliveries = byChannel.get(channel) ?? []
    yield* judgeDeliveries(session, deliveries, truth)
    yield* judgeOrder(session, deliveries, gaps, truth, rules)
    if (topics.length > 0) yield* judgeLosses(session, channel, topics, gaps, deliveries, truth, rules, losses)
  }
}

export function* judgeGaps(session: Session): Generator<Violation> {
  const last = new Map<string, GapEvent>()
  for (const gap of session.gaps) {
    const key = `${gap.kind} ${gap.name}`
    const detail = `${who(session)}: ${key} from ${gap.from} to ${gap.to} (${gap.reason})`
    if (!session.topics.some(({ kind, name }) => kind === gap.kind && name === gap.name))
      yield { kind: 'gap of a strange topic', detail }
    if (gap.from > gap.to) yield { kind: 'gap that ends before it begins', detail }
    const before = last.get(key)
    // A new one may reach back into the last, as its beginning is only known from below; for another reason, over all of it.
    if (before && (gap.to <= before.to || (gap.from <= before.from && gap.reason === before.reason)))
      yield { kind: 'gap told twice', detail: `${detail}, after one from ${before.from} to ${before.to}` }
    last.set(key, gap)
  }
}

function* judgeDeliveries(session: Session, deliveries: readonly Delivery[], truth: Truth): Generator<Violation> {
  const seen = new Set<string>()
  for (const { id, channel, event, at } of deliveries) {
    const detail = `${who(session)}: ${id} on ${channel} at ${at}`
    if (seen.has(id)) yield { kind: 'delivered twice', detail }
    seen.add(id)
    const publication = truth.publications.get(id)
    const known = truth.executed.has(id) || (publication && truth.mayBeUnobserved(publication))
    if (!known || publication?.channel !== channel) yield { kind: 'never published', detail }
    else if (event !== undefined && event !== (publication.event ?? ''))
      yield { kind: 'wrong event type', detail: `${detail}: "${event}", sent as "${publication.event ?? ''}"` }
  }
}

function* judgeOrder(
  session: Session,
  deliveries: readonly Delivery[],
  gaps: readonly GapEvent[],
  truth: Truth,
  { order }: Rules,
): Generator<Violation> {
  const inHistory = deliveries.map(({ id }) => truth.executed.get(id)?.places.get(HISTORY))
  if (inHistory.some(place => place !== undefined)) {
    const at = firstFault(inHistory)
    if (at >= 0)
      yield {
        kind: 'out of order',
        detail: `${who(session)}: ${deliveries[at]?.id} on ${deliveries[at]?.channel} after one that follows it in the history`,
      }
    return
  }
  const segments = order === 'one' ? [deliveries] : splitAt(deliveries, gaps)
  for (const segment of segments) {
    const places = segment.map(({ id }) => truth.executed.get(id)?.places)
    const nodes = new Set(places.flatMap(place => [...(place?.keys() ?? [])]))
    const faults = [...nodes].map(node => firstFault(places.map(place => place?.get(node))))
    const at = order === 'one' ? faults.find(fault => fault >= 0) : faults.every(fault => fault >= 0) ? faults[0] : -1
    if (at !== undefined && at >= 0)
      yield {
        kind: 'out of order',
        detail: `${who(session)}: ${segment[at]?.id} on ${segment[at]?.channel} after a later one`,
      }
  }
}

/** Index of the first that stands after a later one; -1 when there is none. Those without a place say nothing. */
function firstFault(places: readonly (number | undefined)[]): number {
  let highest = -1
  for (const [i, place] of places.entries()) {
    if (place === undefined || place === highest) continue // the same again is a duplicate, and counted as that
    if (place < highest) return i
    highest = place
  }
  return -1
}

function splitAt(deliveries: readonly Delivery[], gaps: readonly GapEvent[]): Delivery[][] {
  const segments: Delivery[][] = Array.from({ length: gaps.length + 1 }, () => [])
  for (const delivery of deliveries) segments[gaps.filter(({ at }) => at <= delivery.at).length]?.push(delivery)
  return segments
}

function* judgeLosses(
  session: Session,
  channel: string,
  topics: readonly TopicLog[],
  gaps: readonly GapEvent[],
  deliveries: readonly Delivery[],
  truth: Truth,
  { toleranceMs, endToleranceMs, order }: Rules,
  losses: Losses,
): Generator<Violation> {
  const { endedAt = Number.POSITIVE_INFINITY, ending } = session
  const isDue = ({ earliest, latest }: Executed) =>
    earliest < endedAt &&
    // A refusal tells of the end of a topic, as the end of a stream does.
    topics.some(
      ({ liveAt, endedAt = Number.POSITIVE_INFINITY }) => earliest > liveAt && latest < endedAt - endToleranceMs,
    )
  const delivered = new Set(deliveries.map(({ id }) => id))
  const messages = truth.byChannel.get(channel) ?? []
  const lastDelivered = messages.findLastIndex(({ id }) => delivered.has(id))
  for (const [i, message] of messages.entries()) {
    if (!isDue(message) || delivered.has(message.id)) continue
    // A stream that was cut had no chance to tell; the client knows that it was cut.
    const atEnd = i > lastDelivered && (ending === 'cut' || message.latest >= endedAt - endToleranceMs)
    if (gaps.some(gap => inside(message, gap, toleranceMs))) losses.inGaps++
    else if (atEnd) losses.atEnd++
    // What one node executed and another never had, no gateway can know of.
    else if (order === 'any' && truth.missedOnBus(message)) losses.onBus++
    else yield { kind: 'lost outside a gap', detail: describeLoss(session, message, gaps) }
  }
}

/** A gap after a message begins when Redis executed that: on a slow machine the client had it later. */
function asExecuted(gap: GapEvent, truth: Truth): GapEvent {
  const { latest = gap.from } = (gap.after !== undefined && truth.executed.get(gap.after)) || {}
  return { ...gap, from: Math.min(gap.from, latest) }
}

const inside = ({ earliest, latest }: Executed, gap: GapEvent, tolerance: number): boolean =>
  earliest <= gap.to + tolerance && latest >= gap.from - tolerance

function describeLoss(session: Session, message: Executed, gaps: readonly GapEvent[]): string {
  const when = `${message.id} on ${message.channel}, executed in [${message.earliest}, ${message.latest}]`
  const near = gaps
    .map(({ from, to }) => ({ from, to, distance: Math.max(from - message.latest, message.earliest - to) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const nearest = near ? `the nearest gap [${near.from}, ${near.to}] is ${near.distance} ms away` : 'no gap'
  return `${who(session)}: ${when}; ${nearest}`
}

const who = ({ client, gateway, openedAt, endedAt }: Session): string =>
  `${client} at ${gateway}, open ${openedAt} to ${endedAt ?? 'the end'}`
