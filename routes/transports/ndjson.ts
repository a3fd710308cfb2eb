import { Type } from '@sinclair/typebox'
import { ndjson as lines, ndjsonCursors } from '../../src/protocol/ndjson.js'
import { HttpSink } from '../../src/streams/sinks/http.js'
import { StreamItem } from '../schemas.js'
import type { HttpTransport } from './transport.js'

const schema = Type.String({
  description: 'One `Envelope`, `ControlEnvelope` or `OpenEnvelope` per line. An empty line is a heartbeat.',
  contentMediaType: 'application/x-ndjson',
  contentSchema: Type.Array(StreamItem),
})

export const ndjson: HttpTransport = {
  mediaTypes: ['application/x-ndjson', 'application/ndjson'],
  formats: { bare: lines, envelope: lines, cursors: ndjsonCursors },
  canAnswer: ({ invocation }) => invocation === undefined,
  createSink: reply => new HttpSink(reply.raw, () => reply.openByteStream('application/x-ndjson; charset=utf-8')),
  describe: () => ({ schema, example: '{"channel":"news","event":"price","data":"42"}\n' }),
}
