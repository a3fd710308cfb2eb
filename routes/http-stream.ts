import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerId } from '../plugins/caller-id.js'
import { preferredType } from '../plugins/negotiation.js'
import { addVary } from '../plugins/origins.js'
import { ownSocket } from '../plugins/sse.js'
import type { Gateway } from '../src/gateway.js'
import type { Places } from '../src/history/start-position.js'
import type { Topic } from '../src/messages/topic.js'
import { CURSOR_FORMATS, chunked, FORMATS, type Format, sseComment, telling } from '../src/protocol/frames.js'
import { HttpSink } from '../src/streams/sinks/http.js'

export const ticketQuery = {
  ticket: Type.Optional(
    Type.String({
      maxLength: 128,
      description: 'A ticket of `POST /tickets`, where no header can be sent.',
      examples: ['kagZGteQ.wjzBsWLUky8M1s7Ptokt28X58qN7qHle'],
    }),
  ),
}

/** The client wants to be told where it stands, on streams of every kind. */
export const positionQuery = {
  position: Type.Optional(
    Type.Boolean({
      description:
        'Tell the cursor when the stream opens, by an `open` event, where a channel has a history: a client that is cut before its first message can go on from there.',
      examples: [true],
    }),
  ),
}

/** The query of every HTTP stream. */
export const streamQuery = {
  ...ticketQuery,
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'End after so many messages.', examples: [1] }),
  ),
  timeout: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'End after so many seconds.', examples: [30] }),
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
  places: Places
  /** Envelopes even where the bare message would do. */
  envelope: boolean
  /** The client wants to be told where it stands. */
  position?: boolean | undefined
  limit?: number | undefined
  timeout?: number | undefined
}

/**
 * Answers with a stream, as Server-Sent Events or NDJSON, as the client accepts. The head goes
 * out when the subscription is live; if that takes too long, before, with a `gap` to follow.
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
  const ndjson = preferredType(request, STREAM_TYPES) !== STREAM_TYPES[0]
  const { topics, places, limit, timeout } = options
  const withCursor = topics.length > 1 && topics.some(topic => hub.hasHistory(topic))
  const { sseEnvelope, ndjson: lines } = withCursor ? CURSOR_FORMATS : FORMATS
  const plain = ndjson ? lines : options.envelope ? sseEnvelope : FORMATS.sse
  const format = options.position ? telling(plain) : plain
  const sink = new HttpSink(reply.raw)
  const owner = callerId(request)
  const refused = limits.streamRefusal(owner, topics)
  const stream = streams.create({
    sink,
    owner,
    format: framing(request, format),
    limit,
    timeout,
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
  const socket = ndjson
    ? await reply.openByteStream('application/x-ndjson; charset=utf-8')
    : await reply.openEventStream()
  sink.begin(socket, onClose)
  if (!outcome.live && !ndjson) sink.write(stream.format.pack([sseComment(REDIS_AWAY)]))
  if (refused) streams.refuse(stream, refused, topics[0])
  else streams.open(stream)
}

const REDIS_AWAY = 'Redis is away; a gap event will tell when it is back'

/** HTTP/1.0 has no chunks: the end of the connection is the end of the body. */
export const framing = (request: FastifyRequest, format: Format): Format =>
  request.raw.httpVersionMinor === 0 ? format : chunked(format)

const STREAM_TYPES = ['text/event-stream', 'application/x-ndjson', 'application/ndjson'] as const
