import type { Message } from '../messages/message.js'
import { type Format, join, once } from './format.js'

/*
 * Server-Sent Events: WHATWG HTML 9.2. A blank line ends an event, and many parsers deliver an empty message for one without
 * data. So comments, heartbeats and `retry:` are lines of their own: `EventSource` reads a `retry:` as soon as its line ends.
 */

/**
 * `data:` is the message itself. Bytes that are not UTF-8 do not fit into a `data:` field and go as an `envelope` event, a
 * name that no publisher can use. A line ends at CR, LF or CRLF, and an `EventSource` joins lines with LF: a client that
 * needs the exact line ends asks for envelopes.
 */
function frame(message: Message): Buffer {
  const { text, event, id } = message
  return text === undefined ? sseEvent('envelope', message.envelope, id) : sseEvent(event, text, id)
}

function sseEvent(event: string | undefined, data: string, id?: string): Buffer {
  const fields = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`
  const lines = data.includes('\n') || data.includes('\r') ? data.split(lineEnd).join('\ndata: ') : data
  return Buffer.from(`${fields}data: ${lines}\n\n`)
}

const lineEnd = /\r\n|\r|\n/

/** The reconnection time for `EventSource`, in milliseconds. */
export const sseRetry = (milliseconds: number): Buffer => Buffer.from(`retry: ${milliseconds}\n`)

export const sseComment = (text: string): Buffer => Buffer.from(`: ${text}\n`)

export const sse: Format = {
  transport: 'sse',
  encode: once(frame),
  control: (event, _topic, data) => sseEvent(event, data),
  heartbeat: Buffer.from(':\n'),
  pack: join,
  retry: sseRetry,
  comment: sseComment,
  // The one event without data: an `EventSource` remembers an id only when a blank line ends the event.
  position: cursor => Buffer.from(`id: ${cursor}\n\n`),
  // A script sees no event without data.
  open: cursor => sseEvent('open', JSON.stringify({ cursor }), cursor),
  hasIds: true,
}

export const sseEnvelope: Format = {
  ...sse,
  encode: once(message => sseEvent(undefined, message.envelope, message.id)),
}

/** Over several channels of which some have a history: the cursor is each client's own, the rest of the frame is not. */
export const sseCursors: Format = {
  ...sse,
  encode: once(message => sseEvent(undefined, message.envelope)),
  prefix: cursor => (cursor === undefined ? NOTHING : Buffer.from(`id: ${cursor}\n`)),
}

const NOTHING = Buffer.alloc(0)
