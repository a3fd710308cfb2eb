import { type Static, Type } from '@sinclair/typebox'
import { topicName } from '../messages/topic.js'
import { lazyValidator } from '../support/lazy-validator.js'
import { requireJson } from './json.js'
import { describeMemberFault } from './member-faults.js'
import { ProblemDetails } from './problem-details.js'
import { Problem } from './problems.js'

/*
 * The frames of the multiplexed WebSocket: JSON objects as text. A client's frame is answered by
 * one frame that carries its `ref`. Frames without a `type` are envelopes: messages and gaps.
 */

/** Chosen by the client, given back in the answer. */
const Ref = Type.Union([Type.String({ maxLength: 128 }), Type.Number()])
export type Ref = Static<typeof Ref>

const topic = {
  ref: Type.Optional(Ref),
  channel: Type.Optional(Type.String()),
  pattern: Type.Optional(Type.String()),
}

const SubscribeRequest = Type.Object(
  {
    type: Type.Literal('subscribe'),
    ...topic,
    after: Type.Optional(Type.String()),
    since: Type.Optional(Type.String()),
    last: Type.Optional(Type.Integer({ format: 'int32', minimum: 0, maximum: 100_000 })),
  },
  { additionalProperties: false },
)

export type SubscribeRequest = Static<typeof SubscribeRequest>

const UnsubscribeRequest = Type.Object({ type: Type.Literal('unsubscribe'), ...topic }, { additionalProperties: false })

const PublishRequest = Type.Object(
  {
    type: Type.Literal('publish'),
    ref: Type.Optional(Ref),
    channel: Type.String(),
    data: Type.String(),
    event: Type.Optional(Type.String()),
    encoding: Type.Optional(Type.Literal('base64')),
    idempotency_key: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

const PingRequest = Type.Object(
  { type: Type.Literal('ping'), ref: Type.Optional(Ref) },
  { additionalProperties: false },
)

export const SessionRequest = Type.Union([SubscribeRequest, UnsubscribeRequest, PublishRequest, PingRequest], {
  $id: 'SessionRequest',
  description: 'A frame that the client sends on the multiplexed WebSocket.',
})
export type SessionRequest = Static<typeof SessionRequest>

const TopicAnswer = Type.Object({
  type: Type.Union([Type.Literal('subscribed'), Type.Literal('unsubscribed')]),
  ref: Type.Optional(Ref),
  id: Type.Optional(Type.String({ description: 'Position of the channel: the next messages come after it.' })),
  ...topicName,
})

const PublishAnswer = Type.Object({
  type: Type.Literal('published'),
  ref: Type.Optional(Ref),
  channel: Type.String(),
  receivers: Type.Integer({ format: 'int64', minimum: 0 }),
  id: Type.Optional(Type.String()),
  replayed: Type.Optional(Type.Unsafe<true>({ type: 'boolean' })),
})

const PingAnswer = Type.Object({ type: Type.Literal('pong'), ref: Type.Optional(Ref) })

const ErrorAnswer = Type.Object({
  type: Type.Literal('error'),
  ref: Type.Optional(Ref),
  problem: Type.Ref(ProblemDetails),
})

export const SessionAnswer = Type.Union([TopicAnswer, PublishAnswer, PingAnswer, ErrorAnswer], {
  $id: 'SessionAnswer',
  description: 'A frame that answers a request on the multiplexed WebSocket, with its `ref`.',
})
export type SessionAnswer = MaybeRef<Static<typeof SessionAnswer>>

/** JSON leaves out a `ref` that is undefined. */
type MaybeRef<Answer> = Answer extends unknown ? Omit<Answer, 'ref'> & { ref?: Ref | undefined } : never

const isRequest = lazyValidator(SessionRequest)
const isRef = lazyValidator(Ref)

/** A request, or the problem with it and the `ref` to answer to, as far as there is one. */
export function readRequest(frame: Buffer): SessionRequest | { problem: Problem; ref: Ref | undefined } {
  let value: unknown
  try {
    value = requireJson(frame)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { problem: new Problem('invalid-json', error.message.replace('The body', 'The frame')), ref: undefined }
  }
  if (isRequest(value)) return value
  const ref = typeof value === 'object' && value !== null ? (value as { ref?: unknown }).ref : undefined
  return { problem: new Problem('invalid-request', describeFrameFault(value)), ref: isRef(ref) ? ref : undefined }
}

const FRAMES = {
  subscribe: SubscribeRequest,
  unsubscribe: UnsubscribeRequest,
  publish: PublishRequest,
  ping: PingRequest,
}

function describeFrameFault(value: unknown): string {
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined
  if (typeof type === 'string' && Object.hasOwn(FRAMES, type))
    return describeMemberFault(FRAMES[type as keyof typeof FRAMES], value, `The "${type}" frame`) // it has the name
  const types = Object.keys(FRAMES).map(name => `"${name}"`)
  return `The "type" of a frame must be one of ${types.join(', ')}, for example {"type":"subscribe","channel":"news"}.`
}
