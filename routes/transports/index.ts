import type { FastifyRequest } from 'fastify'
import { preferredType } from '../../plugins/http/negotiation.js'
import { webSocket } from '../../src/protocol/web-socket.js'
import { SIGNALS } from '../../src/streams/long-poll-sink.js'
import { lambda } from './lambda.js'
import { ndjson } from './ndjson.js'
import { sse } from './sse.js'
import type { HttpTransport } from './transport.js'

/** The answers that a stream can have, by `Accept`. The first is for clients that accept none of them. */
const HTTP_TRANSPORTS: readonly [HttpTransport, ...HttpTransport[]] = [sse, ndjson, ...lambda]

/** The labels of streams in metrics. A WebSocket and a long poll are asked for by their URLs. */
export const TRANSPORT_LABELS: ReadonlySet<string> = new Set(
  [...HTTP_TRANSPORTS.map(({ formats }) => formats.bare), webSocket, SIGNALS].map(({ transport }) => transport),
)

/** The transport that the client likes best. */
export function negotiate(request: FastifyRequest): HttpTransport {
  const [first = HTTP_TRANSPORTS[0], ...others] = HTTP_TRANSPORTS.filter(({ canAnswer }) => canAnswer(request))
  const transports = [first, ...others]
  const types = transports.flatMap(({ mediaTypes }) => mediaTypes)
  const preferred = preferredType(request, [first.mediaTypes[0], ...types])
  return transports.find(({ mediaTypes }) => mediaTypes.includes(preferred)) ?? first
}

/** The media types of a stream, for the answers of a route. */
export const streamContent = (sseExample: string): Record<string, object> =>
  Object.fromEntries(HTTP_TRANSPORTS.map(({ mediaTypes, describe }) => [mediaTypes[0], describe(sseExample)]))
