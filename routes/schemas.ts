import { type TSchema, Type } from '@sinclair/typebox'
import { CHANNEL_PATTERN, EVENT_TYPE_PATTERN, GLOB_PATTERN, RESERVED_EVENT_TYPES } from '../src/names.js'
import { PROBLEMS, type ProblemType, problemUri } from '../src/problems.js'

export const ChannelName = Type.String({
  pattern: CHANNEL_PATTERN,
  description: 'Channel name; the same name in Redis. Names that begin with `carillon:` are reserved.',
  examples: ['news'],
})

export const Glob = Type.String({
  pattern: GLOB_PATTERN,
  description: 'Redis glob over channel names: `*`, `?`, and classes such as `[abc]`, `[a-f]`, `[^a]`.',
  examples: ['chat:*'],
})

export const EventType = Type.String({
  pattern: EVENT_TYPE_PATTERN,
  description: `Event type that listeners see; visible ASCII, none of ${RESERVED_EVENT_TYPES.join(', ')}.`,
  examples: ['price'],
})

export const ChannelParams = Type.Object({ channel: ChannelName })

export const Problem = Type.Object(
  {
    type: Type.String({
      description: '`urn:carillon:problem:` and the name of the problem.',
      examples: [problemUri('invalid-channel')],
    }),
    title: Type.String({ examples: [PROBLEMS['invalid-channel'][1]] }),
    status: Type.Integer({ examples: [400] }),
    detail: Type.String({ examples: [PROBLEMS['invalid-channel'][2]] }),
  },
  { $id: 'Problem', description: 'Problem details, RFC 9457. The types are listed in docs/errors.md.' },
)

export const Envelope = Type.Object(
  {
    channel: Type.String({
      description: 'The channel on which the message was published. Absent on a control event about a pattern.',
      examples: ['news'],
    }),
    event: Type.Optional(
      Type.String({
        description: 'The event type that the publisher gave, or a control event such as `gap`.',
        examples: ['price'],
      }),
    ),
    data: Type.String({ description: 'The message; always a string.', examples: ['hello'] }),
    encoding: Type.Optional(
      Type.Literal('base64', { description: 'The data is base64, because the bytes are not UTF-8.' }),
    ),
  },
  { $id: 'Envelope', description: 'A message with what there is to say about it.' },
)

export const Published = Type.Object(
  {
    channel: Type.String({ examples: ['news'] }),
    receivers: Type.Integer({
      minimum: 0,
      description: "Redis's own count of connections that got the message: 0 means that nobody heard it.",
      examples: [1],
    }),
  },
  { $id: 'Published', description: 'Redis executed the publish once.' },
)

/** Shared schemas, which the OpenAPI document lists as components. */
export const components = [Problem, Envelope, Published]

/** The responses of a route for the problems it can answer with, by status. */
export function problemResponses(
  ...types: ProblemType[]
): Record<number, { description: string; content: Record<string, { schema: TSchema }> }> {
  const responses: ReturnType<typeof problemResponses> = {}
  const byStatus = new Map<number, string[]>()
  for (const type of new Set(types)) {
    const [status, title] = PROBLEMS[type]
    byStatus.set(status, [...(byStatus.get(status) ?? []), `${title} (\`${type}\`)`])
  }
  for (const [status, titles] of byStatus) {
    responses[status] = {
      description: `${titles.join('; ')}.`,
      content: { 'application/problem+json': { schema: Type.Ref('Problem') } },
    }
  }
  return responses
}

/** What a request can be told on any route. */
export const ANY_REQUEST = [
  'invalid-request',
  'bad-url',
  'request-timeout',
  'headers-too-large',
  'internal-error',
] as const satisfies ProblemType[]
