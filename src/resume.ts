import { readCursor } from './cursor.js'
import type { GapReason } from './gap.js'
import { Problem } from './problems.js'
import type { PageQuery } from './replays.js'
import type { Topic } from './topic.js'

/** From where a client wants to go on, as it says it. */
export interface ResumeRequest {
  /** An id, or several joined; it counts alone. */
  readonly cursor?: string | undefined
  /** `10m`, `all`, or a time as in RFC 3339. */
  readonly since?: string | undefined
  /** So many messages of each channel. */
  readonly last?: number | undefined
}

/** Where a client begins on one topic: at a place in its history, or now, with a gap that says why not there. */
export type Place = { readonly from: PageQuery } | { readonly gap: GapReason }

/** The place on each topic; none for a client that just begins with now. */
export type Places = ReadonlyMap<Topic, Place>

/** @throws Problem `invalid-request` for a time that there is not */
export function placesOf(
  { cursor, since, last }: ResumeRequest,
  topics: readonly Topic[],
  hasHistory: (topic: Topic) => boolean,
  now = Date.now(),
): Places {
  const places = new Map<Topic, Place>()
  if (!cursor && since === undefined && last === undefined) return places
  const kept = topics.filter(hasHistory)
  const channels = kept.map(({ name }) => name)
  const marks = cursor ? readCursor(cursor, channels) : []
  const rewind = cursor ? undefined : { from: { ...sinceQuery(since, now), ...(last !== undefined && { last }) } }
  for (const topic of topics) places.set(topic, { gap: 'no_history' })
  for (const [index, topic] of kept.entries()) {
    const after = marks[index]
    places.set(topic, rewind ?? (after ? { from: { after } } : { gap: 'cursor_unknown' }))
  }
  return places
}

/** What `since` may be: so many seconds, minutes, hours or days ago, everything, or a time. */
export const SINCE_PATTERN =
  '^(?:all|\\d{1,9}[smhd]|\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:[Zz]|[+-]\\d{2}:\\d{2}))$'

function sinceQuery(since: string | undefined, now: number): PageQuery {
  if (since === undefined || since === 'all') return {}
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(since) ?? []
  const time = amount === undefined ? Date.parse(since) : now - Number(amount) * (UNIT_MS[unit] ?? 0)
  if (Number.isNaN(time)) throw new Problem('invalid-request', `since: there is no time ${since}.`)
  return { since: time }
}

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
