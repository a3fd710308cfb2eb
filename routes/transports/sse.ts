import { Type } from '@sinclair/typebox'
import { sse as bare, sseCursors, sseEnvelope } from '../../src/protocol/sse.js'
import { HttpSink } from '../../src/streams/sinks/http.js'
import type { HttpTransport } from './transport.js'

const schema = Type.String({
  description:
    'Server-Sent Events, WHATWG HTML 9.2. Control events: `gap` with the data `Gap`, `error` with `StreamError`, `open` with `OpenData`.',
})

export const sse: HttpTransport = {
  mediaTypes: ['text/event-stream'],
  formats: { bare, envelope: sseEnvelope, cursors: sseCursors },
  canAnswer: ({ invocation }) => invocation === undefined,
  createSink: reply => new HttpSink(reply.raw, () => reply.openEventStream()),
  describe: sseExample => ({ schema, example: sseExample }),
}
