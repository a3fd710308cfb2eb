import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { callerId } from '../plugins/access/caller-id.js'
import { addVary } from '../plugins/access/origins.js'
import { ownSocket } from '../plugins/streams/sse.js'
import type { Gateway } from '../src/gateway.js'
import type { StartPositions } from '../src/history/start-position.js'
import type { Topic } from '../src/messages/topic.js'
import { withPosition } from '../src/protocol/format.js'
import { negotiate } from './transports/index.js'

export const ticketQuery = {
  ticket: Type.Optional(
    Type.String({
      maxLength: 128,
      description: 'A ticket of `POST /tickets`, for clients that cannot send a header.',
      examples: ['kagZGteQ.wjzBsWLUky8M1s7Ptokt28X58qN7qHle'],
    }),
  ),
}

/** The client asks for its cursor, on streams of every kind. */
export const positionQuery = {
  position: Type.Optional(
    Type.Boolean({
      description:
        'Send the cursor in an `open` event when the stream opens, if a channel has a history. A client that is disconnected before its first message can resume from there.',
      examples: [true],
    }),
  ),
}

/** The query of every HTTP stream. */
export const streamQuery = {
  ...ticketQuery,
  limit: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 1_000_000,
      description: 'End after this number of messages.',
      examples: [1],
    }),
  ),
  timeout: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 86_400,
      description: 'End after this number of seconds.',
      examples: [30],
    }),
  ),
  ...positionQuery,
}

export const formatQuery = {
  format: Type.Optional(
    Type.Unsafe<'envelope'>({
      type: 'string',
      enum: ['envelope'],
      examples: ['envelope'],
      description: 'Wrap each message as `{"channel","id"?,"event"?,"data","encoding"?}`.',
    }),
  ),
}

interface HttpStream {
  topics: readonly Topic[]
  places: StartPositions
  /** Envelopes even where the bare message would do. */
  envelope: boolean
  /** The client asks for its cursor. */
  position?: boolean | undefined
  limit?: number | undefined
  timeout?: number | undefined
}

/**
 * Answers with a stream, on the transport that the client accepts. The head goes out when the subscription is live; if
 * that takes too long, before, with a `gap` to follow.
 * @throws Problem before anything has been sent
 */
export async function streamOverHttp(
  { streams, hub, limits }: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpStream,
): Promise<void> {
  // Pipelined behind a stream, its turn may never come: until then it holds no subscription.
  await ownSocket(reply)
  const { topics, places, limit, timeout } = options
  const { formats, createSink, lifetimeMs } = negotiate(request)
  const withCursor = topics.length > 1 && topics.some(topic => hub.hasHistory(topic))
  const format = withCursor ? formats.cursors : options.envelope ? formats.envelope : formats.bare
  const sink = createSink(reply)
  const owner = callerId(request)
  const refused = limits.streamRefusal(owner, topics)
  const stream = streams.create({
    sink,
    owner,
    format: sink.frame(options.position ? withPosition(format) : format),
    limit,
    timeout,
    lifetimeMs: lifetimeMs?.(request),
    caller: request.caller,
    reqId: request.id,
    multiplexed: topics.length > 1,
  })
  const onClose = () => stream.close('client_gone')
  reply.raw.once('close', onClose)

  const outcome = refused
    ? { live: true }
    : await stream.subscribeOrExpectGap(topics, places).catch(error => {
        stream.close('channel_refused')
        throw error
      })
  addVary(reply, 'Accept')
  await sink.begin(onClose)
  const { comment, pack } = stream.format
  if (!outcome.live && comment) sink.write(pack([comment(REDIS_AWAY)]))
  if (refused) streams.refuse(stream, refused, topics[0])
  else streams.open(stream)
}

/** `HEAD` answers as `GET` would begin, RFC 9110 section 9.3.2. It subscribes to nothing and uses up no ticket. */
export const headOfStream: RouteHandlerMethod = (request, reply) => {
  const [mediaType] = negotiate(request).mediaTypes
  addVary(reply, 'Accept')
  reply.headers({ 'content-type': `${mediaType}; charset=utf-8`, 'cache-control': 'no-cache,no-transform' }).send()
}

const REDIS_AWAY = 'Redis is away; a gap event will tell when it is back'
