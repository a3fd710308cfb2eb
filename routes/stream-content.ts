import { Type } from '@sinclair/typebox'

const EventStream = Type.String({ description: 'Server-Sent Events, WHATWG HTML 9.2. Control events: `gap`, `error`.' })
const Ndjson = Type.String({
  description: 'One envelope a line; see the schema `Envelope`. An empty line is a heartbeat.',
})

/** The media types of a stream, as well as OpenAPI 3.1 can describe them. */
export const streamContent = (sseExample: string) => ({
  'text/event-stream': { schema: EventStream, example: sseExample },
  'application/x-ndjson': { schema: Ndjson, example: '{"channel":"news","event":"price","data":"42"}\n' },
})
