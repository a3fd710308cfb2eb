import { type TObject, Type } from '@sinclair/typebox'
import { CHANNEL_PATTERN, EVENT_TYPE_PATTERN, GLOB_PATTERN, RESERVED_EVENT_TYPES } from '../src/messages/names.js'
import { topicName } from '../src/messages/topic.js'
import { CONTROL_EVENTS, type ControlEvent } from '../src/protocol/format.js'
import { GapData } from '../src/protocol/gap.js'
import { ProblemDetails } from '../src/protocol/problem-details.js'
import { SessionAnswer, SessionRequest } from '../src/protocol/session-protocol.js'

export const ChannelName = Type.String({
  pattern: CHANNEL_PATTERN,
  description: 'Channel name, which is also its name in Redis. Names that start with `carillon:` are reserved.',
  examples: ['news'],
})

export const Glob = Type.String({
  pattern: GLOB_PATTERN,
  description: 'Redis glob for channel names: `*`, `?`, and classes such as `[abc]`, `[a-f]`, `[^a]`.',
  examples: ['chat:*'],
})

export const EventType = Type.String({
  pattern: EVENT_TYPE_PATTERN,
  description: `Event type that listeners see; visible ASCII, none of ${RESERVED_EVENT_TYPES.join(', ')}.`,
  examples: ['price'],
})

export const ChannelParams = Type.Object({ channel: ChannelName })

/** No enum: a client that was generated from it would fail on an encoding of a newer gateway. */
export const Encoding = Type.Unsafe<'base64'>({
  type: 'string',
  description: '`base64` if the bytes are not UTF-8: then the data is base64.',
  examples: ['base64'],
})

export const Envelope = Type.Object(
  {
    channel: Type.String({ description: 'The channel on which the message was published.', examples: ['news'] }),
    id: Type.Optional(
      Type.String({
        description:
          'Position of the message in the history of its channel. Absent if there is no history, and for messages that were published by a Redis client.',
        examples: ['mVChq83vAQ'],
      }),
    ),
    event: Type.Optional(Type.String({ description: 'The event type of the publisher.', examples: ['price'] })),
    data: Type.String({ description: 'The message; always a string.', examples: ['hello'] }),
    encoding: Type.Optional(Encoding),
  },
  { $id: 'Envelope', description: 'A message with its metadata.' },
)

const StreamError = Type.Object(
  { ...topicName, ...ProblemDetails.properties },
  {
    $id: 'StreamError',
    description: 'The data of an `error` event: a problem with a channel or pattern of the stream.',
  },
)

const ControlEnvelope = Type.Object(
  {
    ...topicName,
    event: Type.Unsafe<ControlEvent>({
      type: 'string',
      description: `One of ${CONTROL_EVENTS.map(event => `\`${event}\``).join(', ')}. A newer gateway may send others.`,
      examples: ['gap'],
    }),
    data: Type.String({
      description: 'JSON text: `Gap` or `StreamError`.',
      contentMediaType: 'application/json',
      contentSchema: Type.Union([Type.Ref(GapData), Type.Ref(StreamError)]),
    }),
  },
  {
    $id: 'ControlEnvelope',
    description: 'A control event in an envelope. Publishers cannot use its name, so clients can trust it.',
  },
)

const OpenData = Type.Object(
  { cursor: Type.String({ description: 'Pass this as `after` to resume from here.', examples: ['mVChq83vAQ'] }) },
  { $id: 'OpenData', description: 'The data of an `open` event, which `position=true` requests.' },
)

const OpenEnvelope = Type.Object(
  {
    channel: Type.Optional(Type.String({ description: 'On `/ws` only: the channel of the cursor.' })),
    cursor: OpenData.properties.cursor,
    event: Type.Unsafe<'open'>({ type: 'string', description: 'Always `open`.', examples: ['open'] }),
    data: Type.String({
      description: 'JSON text: `OpenData`.',
      contentMediaType: 'application/json',
      contentSchema: Type.Ref(OpenData),
    }),
  },
  {
    $id: 'OpenEnvelope',
    description: 'The position of the stream, with `position=true`; on `/ws`, if `since` or `last` found nothing.',
  },
)

/** The items on a stream of envelopes. */
export const StreamItem = Type.Union([Type.Ref(Envelope), Type.Ref(ControlEnvelope), Type.Ref(OpenEnvelope)])

export const Published = Type.Object(
  {
    channel: Type.String({ examples: ['news'] }),
    receivers: Type.Integer({
      format: 'int64',
      minimum: 0,
      description:
        "Redis's own count of connections that got the message. 0 means that nothing was subscribed. In a Cluster with classic Pub/Sub it is the count of one node; other nodes may have more.",
      examples: [1],
    }),
    id: Type.Optional(
      Type.String({
        description: 'Position of the message in the history of its channel. Absent if there is no history.',
        examples: ['mVChq83vAQ'],
      }),
    ),
    replayed: Type.Optional(
      Type.Unsafe<true>({
        type: 'boolean',
        description:
          '`true` if the message was published before with this `Idempotency-Key`. Then this is the first answer again.',
      }),
    ),
  },
  { $id: 'Published', description: 'Redis executed the publish once.' },
)

export const IdempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'Makes retries safe: requests with the same key are executed once, and get the first answer again. The publisher chooses it, for example a UUID, with or without the quotes of the draft. It is remembered for `IDEMPOTENCY_SECONDS`, for each channel separately.',
      // A string of RFC 8941, or the same without quotes.
      pattern: '^(?:"(?:[ !#-\\[\\]-~]|\\\\["\\\\]){1,255}"|[!#-+\\--\\[\\]-~]{1,255})$',
      examples: ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
    }),
  ),
})

/** The frames of `/ws` as one object with the members of them all: generated clients have no other use for such a union. */
const flat = <Member extends TObject>(members: Member[], options: { $id: string; description: string }) => {
  const types = members
    .flatMap(({ properties: { type } }) => type?.anyOf ?? [type])
    .map(({ const: name }) => `\`${name}\``)
  const type = Type.String({ description: `One of ${types.join(', ')}.` })
  const properties = Object.assign({}, ...members.map(member => member.properties))
  return Type.Object({ ...Type.Partial(Type.Object(properties)).properties, type }, options)
}

/** Shared schemas, which the OpenAPI document lists as components. */
export const components = [
  ProblemDetails,
  Published,
  Envelope,
  ControlEnvelope,
  OpenEnvelope,
  OpenData,
  GapData,
  StreamError,
  flat(SessionRequest.anyOf, { $id: 'SessionRequest', description: String(SessionRequest.description) }),
  flat(SessionAnswer.anyOf, { $id: 'SessionAnswer', description: String(SessionAnswer.description) }),
]

/** The schema of a route that serves a page or a file: it is not in the OpenAPI document, as no generated client needs it. */
export const FILE = { hide: true, response: {} }

/**
 * A request body as OpenAPI has it (Request Body Object). Under this key Fastify does not validate
 * it: the body stays bytes, and the handler looks into them where it must.
 */
export const REQUEST_BODY = 'x-request-body'
