import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { type StartPositions, startPositionsOf } from '../src/history/start-position.js'
import type { Topic } from '../src/messages/topic.js'

export const After = Type.String({
  description:
    'Resume after this message: its `id`, or a cursor over several channels. If it is no longer known, a `gap` reports the possible loss.',
  examples: ['eMpQ2pIcAQ'],
})
export const Since = Type.String({
  description:
    'Start this long ago (`30s`, `10m`, `2h`, `7d`), at a time or date (RFC 3339; a date means midnight UTC), or with the whole history (`all`).',
  examples: ['10m'],
})

/** Days as RFC 3339 writes them, with the lengths of the months and leap years. */
const DATE = [
  '[0-9]{4}-(?:',
  '(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])',
  '|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)',
  '|02-(?:0[1-9]|1[0-9]|2[0-8])',
  ')|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29',
].join('')
const TIME =
  '[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])'

/** The form of `since` for `openapi.yaml`, where clients and tools check it. The server reads it with a parser of its own. */
export const SINCE_PATTERN = `^(?:all|[0-9]{1,9}[smhd]|(?:${DATE})(?:${TIME})?)$`

/**
 * The same as `last_event_id`, as polyfills of `EventSource` call it. It is not in openapi.yaml: many generators derive one
 * name from both parameters, and what they generate does not compile.
 */
export const CURSOR_ALIAS = 'lastEventId'

/** The query of every stream: where to begin, on channels that have a history. */
export const startQuery = {
  after: Type.Optional(After),
  last_event_id: Type.Optional(
    Type.String({
      description: 'The same as `after`, for clients that cannot set the header `Last-Event-ID`.',
      examples: ['mVChq83vAQ'],
    }),
  ),
  // It counts before the other two, because a polyfill adds it to the URL that the page has given.
  [CURSOR_ALIAS]: Type.Optional(Type.String()),
  since: Type.Optional(Since),
  last: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 100_000,
      description: 'Start with this many of the latest messages.',
      examples: [20],
    }),
  ),
}

const StartQuery = Type.Object(startQuery)

/**
 * Where the client begins on each topic. The header takes precedence over the query: an `EventSource` that reconnects has
 * both, and its URL still has the first position.
 * @throws Problem `invalid-request`
 */
export function readStartPositions(
  { query, headers }: { query: Static<typeof StartQuery>; headers: FastifyRequest['headers'] },
  topics: readonly Topic[],
  hasHistory: (topic: Topic) => boolean,
): StartPositions {
  const header = [headers['last-event-id']].flat()[0]
  const cursor = header || query[CURSOR_ALIAS] || query.last_event_id || query.after
  return startPositionsOf({ cursor, since: query.since, last: query.last }, topics, hasHistory)
}
