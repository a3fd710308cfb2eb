import { Type } from '@sinclair/typebox'
import { StreamItem } from './schemas.js'

const EventStream = Type.String({
  description:
    'Server-Sent Events, WHATWG HTML 9.2. Control events: `gap` with the data `Gap`, `error` with `StreamError`, `open` with `OpenData`.',
})
const Ndjson = Type.String({
  description: 'One `Envelope`, `ControlEnvelope` or `OpenEnvelope` a line. An empty line is a heartbeat.',
  contentMediaType: 'application/x-ndjson',
  contentSchema: Type.Array(StreamItem),
})

/** The media types of a stream, as well as OpenAPI 3.1 can describe them. */
export const streamContent = (sseExample: string) => ({
  'text/event-stream': { schema: EventStream, example: sseExample },
  'application/x-ndjson': {
    schema: Ndjson,
    example: '{"channel":"news","event":"price","data":"42"}\n',
  },
})
