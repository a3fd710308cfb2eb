import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Carrier, ResponseSink } from '../../src/streams/sinks/response.js'
import { ndjson } from './ndjson.js'
import { sse } from './sse.js'
import type { HttpTransport } from './transport.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The invocation of a function that can stream its answer. */
    invocation?: Invocation
  }
}

export interface Invocation extends Carrier {
  /** The time that the platform leaves, in milliseconds. */
  remainingMs(): number
}

/** The same streams as answers of an AWS Lambda function with response streaming. */
export const lambda: readonly HttpTransport[] = [sse, ndjson].map(transport => ({
  ...transport,
  canAnswer: request => request.invocation !== undefined,
  // The client needs the end of the stream, with its `retry:`, before the platform cuts it off.
  lifetimeMs: request => Math.max(0, invocationOf(request).remainingMs() - MARGIN_MS),
  createSink: reply => {
    const { raw, request } = reply
    return new ResponseSink(raw, invocationOf(request), () => sendHead(reply, transport))
  },
}))

const MARGIN_MS = 1000

function sendHead(reply: FastifyReply, { mediaTypes: [mediaType], formats }: HttpTransport): void {
  void reply.openByteStream(`${mediaType}; charset=utf-8`)
  // Lambda sends no head before the first byte of a body.
  reply.raw.write(formats.bare.heartbeat)
}

function invocationOf({ invocation }: FastifyRequest): Invocation {
  if (!invocation) throw new Error('the request came without an invocation')
  return invocation
}
