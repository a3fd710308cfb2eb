import { readCursor } from '../messages/cursor.js'
import { durationMs, readTime } from '../messages/time.js'
import type { Topic } from '../messages/topic.js'
import type { GapReason } from '../protocol/gap.js'
import { Problem } from '../protocol/problems.js'
import type { PageQuery } from './catch-up-limiter.js'

/** Where a client asks to begin. It becomes a start position on each topic. */
export interface StartRequest {
  /** An id, or several joined. With it, the other two are ignored. */
  readonly cursor?: string | undefined
  /** `10m`, `all`, or a time or date as in RFC 3339. */
  readonly since?: string | undefined
  /** How many messages of each channel. */
  readonly last?: number | undefined
}

/** Where a client begins on one topic: at a place in its history, or now, with a gap that says why not there. */
export type StartPosition = { readonly from: PageQuery } | { readonly gap: GapReason }

/** The place on each topic; none for a client that just begins with now. */
export type StartPositions = ReadonlyMap<Topic, StartPosition>

/** @throws Problem `invalid-request` for a `since` that is no time */
export function startPositionsOf(
  { cursor, since, last }: StartRequest,
  topics: readonly Topic[],
  hasHistory: (topic: Topic) => boolean,
  askedAt = performance.now(),
): StartPositions {
  const places = new Map<Topic, StartPosition>()
  if (!cursor && since === undefined && last === undefined) return places
  const start = { ...sinceQuery(since, askedAt), ...(last !== undefined && { last }) }
  const kept = topics.filter(hasHistory)
  const channels = kept.map(({ name }) => name)
  const marks = cursor ? readCursor(cursor, channels) : []
  const rewind = cursor ? undefined : { from: start }
  for (const topic of topics) places.set(topic, { gap: 'no_history' })
  for (const [index, topic] of kept.entries()) {
    const after = marks[index]
    places.set(topic, rewind ?? (after ? { from: { after } } : { gap: 'cursor_unknown' }))
  }
  return places
}

/** @throws Problem `invalid-request` that names the value */
function sinceQuery(since: string | undefined, askedAt: number): PageQuery {
  if (since === undefined || since === 'all') return {}
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(since) ?? []
  if (amount !== undefined) return { since: { milliseconds: durationMs(amount, unit), askedAt } }
  const time = readTime(since)
  if (time !== undefined && !Number.isNaN(time)) return { since: time }
  const shown = JSON.stringify(since.length > MAX_SHOWN ? `${since.slice(0, MAX_SHOWN)}…` : since)
  throw new Problem(
    'invalid-request',
    time === undefined
      ? `The value of "since" is ${shown}. Use a duration (30s, 10m, 2h, 7d), a time (2030-01-31T12:00:00Z) or "all".`
      : `The value of "since" is ${shown}, a time that does not exist.`,
  )
}

const MAX_SHOWN = 40
