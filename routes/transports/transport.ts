import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sink } from '../../src/fanout/subscriber.js'
import type { Format } from '../../src/protocol/format.js'

/**
 * One way in which `GET /channels/{channel}/events` and `GET /events` can answer. A new one is a file beside this one and
 * a line in `index.ts`.
 */
export interface HttpTransport {
  /** The media types by which `Accept` asks for it, in lower case. The first is its name in `openapi.yaml`. */
  readonly mediaTypes: readonly [string, ...string[]]
  readonly formats: HttpFormats
  /** Whether it can answer the request at all. */
  canAnswer(request: FastifyRequest): boolean
  /** How long the platform lets an answer last, in milliseconds; without this, as long as the stream. */
  lifetimeMs?(request: FastifyRequest): number
  /** A sink for the body of the answer. */
  createSink(reply: FastifyReply): HttpStreamSink
  /** The body, as well as OpenAPI 3.1 can describe it. `sseExample` is one as Server-Sent Events. */
  describe(sseExample: string): object
}

export interface HttpFormats {
  /** Bare messages of one channel, where the transport has a form for them. */
  readonly bare: Format
  /** Envelopes. */
  readonly envelope: Format
  /** Envelopes over several channels of which some have a history: each client has its own cursor. */
  readonly cursors: Format
}

export interface HttpStreamSink extends Sink {
  /** The format, inside what the sink needs around each write. */
  frame(format: Format): Format
  /** Sends the head of the answer. Nothing is written before. `onClose` is called when the client has left. */
  begin(onClose: () => void): Promise<void>
}
