import { toJson } from '../messages/json-text.js'
import type { Message } from '../messages/message.js'
import { describeTopic, type Topic } from '../messages/topic.js'

/**
 * The wire forms of a message. Everything here is pure: bytes in, bytes out.
 *
 * `encode` makes one frame. Frames of one tick are joined by `pack`, which adds whatever the
 * transport wants around a write. Both happen once per message or tick, never per client.
 */
export interface Format {
  readonly transport: Transport
  /** The topic is the one by which the message came, for formats that tell it. */
  encode(message: Message, topic?: Topic): Buffer
  /** A control event about a topic, such as `gap`; `data` is JSON text. */
  control(event: ControlEvent, topic: Topic, data: string): Buffer
  /** What keeps a silent connection from being cut. */
  readonly heartbeat: Buffer
  pack(frames: readonly Buffer[]): Buffer
  /** When to come back after the stream has ended, in milliseconds; only SSE has words for it. */
  retry?(milliseconds: number): Buffer
  /** Where the client stands, for one that has got no message yet, where the format has words for it. */
  position?(cursor: string): Buffer
  /** The same of one topic, for a client that adds topics as it goes, when nothing was found there to begin with. */
  placed?(topic: Topic, id: string): Buffer
  /**
   * What stands before the frame of a message for one client alone: the cursor over all its channels,
   * or what the frame lacks without it.
   */
  prefix?(cursor: string | undefined): Buffer
  /** Its clients are told the ids of messages, and can go on from one on another stream. */
  readonly hasIds: boolean
}

/** What a stream travels on; envelopes are no transport of their own. */
export const TRANSPORTS = ['sse', 'ndjson', 'websocket', 'poll'] as const
export type Transport = (typeof TRANSPORTS)[number]

export const CONTROL_EVENTS = ['gap', 'error'] as const
export type ControlEvent = (typeof CONTROL_EVENTS)[number]

/* Server-Sent Events: WHATWG HTML 9.2. */

/**
 * `data:` is the message itself. What a `data:` field cannot carry, bytes that are not UTF-8,
 * goes as an `envelope` event, a name that no publisher can use. A line ends at CR, LF or CRLF,
 * and an `EventSource` joins lines with LF: who needs the exact line ends asks for envelopes.
 */
export function sseFrame(message: Message): Buffer {
  const { text, event, id } = message
  if (text === undefined) return sseEvent('envelope', message.envelope, id)
  return sseEvent(event, text, id)
}

export const sseEnvelopeFrame = (message: Message): Buffer => sseEvent(undefined, message.envelope, message.id)

const lineEnd = /\r\n|\r|\n/

function sseEvent(event: string | undefined, data: string, id?: string): Buffer {
  const fields = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`
  const lines = lineEnd.test(data) ? data.split(lineEnd).join('\ndata: ') : data
  return Buffer.from(`${fields}data: ${lines}\n\n`)
}

/** An event without data is none to an `EventSource`, which takes over its id all the same. */
export const ssePosition = (cursor: string): Buffer => Buffer.from(`id: ${cursor}\n\n`)

/** The same for a script, which sees no event without data. The name is one that no publisher can use. */
export const sseOpen = (cursor: string): Buffer => sseEvent('open', JSON.stringify({ cursor }), cursor)

/** The reconnection time for `EventSource`, in milliseconds. */
export const sseRetry = (milliseconds: number): Buffer => Buffer.from(`retry: ${milliseconds}\n\n`)

export const sseComment = (text: string): Buffer => Buffer.from(`: ${text}\n\n`)

/* NDJSON: one envelope a line. */

export const ndjsonFrame = (message: Message): Buffer => Buffer.from(`${message.envelope}\n`)

const openEnvelope = (cursor: string, topic = {}): string =>
  JSON.stringify({ ...topic, cursor, event: 'open', data: JSON.stringify({ cursor }) })

export const ndjsonOpen = (cursor: string): Buffer => Buffer.from(`${openEnvelope(cursor)}\n`)

/* Streams over several channels with a history: the cursor is each client's own, the rest of the frame is not. */

const sseFrameAfterCursor = (message: Message): Buffer => sseEvent(undefined, message.envelope)
const sseCursor = (cursor: string | undefined): Buffer =>
  cursor === undefined ? NOTHING : Buffer.from(`id: ${cursor}\n`)

const ndjsonFrameAfterCursor = (message: Message): Buffer => Buffer.from(`${message.envelope.slice(1)}\n`)
const ndjsonCursor = (cursor: string | undefined): Buffer =>
  cursor === undefined ? BRACE : Buffer.from(`{"cursor":"${cursor}",`)

const NOTHING = Buffer.alloc(0)
const BRACE = Buffer.from('{')

/* WebSocket: RFC 6455 section 5.2, server to client, so never masked. */

const TEXT = 1
const BINARY = 2
const PING = 9

/** The message as a text frame, or as a binary frame when its bytes are not UTF-8. */
export function webSocketFrame(message: Message): Buffer {
  return webSocketEncode(message.text === undefined ? BINARY : TEXT, message.data)
}

export const webSocketEnvelopeFrame = (message: Message): Buffer => webSocketText(message.envelope)

/** As every control event: a binary frame among bare messages, see below. */
export const webSocketOpen = (cursor: string): Buffer => webSocketEncode(BINARY, Buffer.from(openEnvelope(cursor)))
export const webSocketEnvelopeOpen = (cursor: string): Buffer => webSocketText(openEnvelope(cursor))

export const webSocketText = (text: string): Buffer => webSocketEncode(TEXT, Buffer.from(text))

function webSocketEncode(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = 0x80 | opcode
  if (headerLength === 2) {
    frame[1] = length
  } else if (headerLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  payload.copy(frame, headerLength)
  return frame
}

/* The formats a stream can have. */

/** Control events look like messages whose event type no publisher can use. */
const controlEnvelope = (event: ControlEvent, topic: Topic, data: string): string =>
  toJson({ ...describeTopic(topic), event, data })

const join = (frames: readonly Buffer[]): Buffer =>
  frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames)

/** Remembers the frame in the message, under the encoder itself. */
export const once =
  (encode: (message: Message) => Buffer) =>
  (message: Message): Buffer => {
    let frame = message.encoded.get(encode)
    if (frame === undefined) {
      frame = encode(message)
      message.encoded.set(encode, frame)
    }
    return frame
  }

const sse: Format = {
  transport: 'sse',
  encode: once(sseFrame),
  control: (event, _topic, data) => sseEvent(event, data),
  heartbeat: Buffer.from(':\n\n'),
  pack: join,
  retry: sseRetry,
  position: ssePosition,
  hasIds: true,
}

const sseEnvelope: Format = { ...sse, encode: once(sseEnvelopeFrame) }
const sseCursors: Format = { ...sse, encode: once(sseFrameAfterCursor), prefix: sseCursor }

const ndjson: Format = {
  transport: 'ndjson',
  encode: once(ndjsonFrame),
  control: (event, topic, data) => Buffer.from(`${controlEnvelope(event, topic, data)}\n`),
  heartbeat: Buffer.from('\n'),
  pack: join,
  hasIds: true,
}

const ndjsonCursors: Format = { ...ndjson, encode: once(ndjsonFrameAfterCursor), prefix: ndjsonCursor }

/**
 * On a stream of bare messages a control event is a binary frame of valid UTF-8. No message ever
 * looks so, as valid UTF-8 goes out as text: a publisher cannot forge one.
 */
const webSocket: Format = {
  transport: 'websocket',
  encode: once(webSocketFrame),
  control: (event, topic, data) => webSocketEncode(BINARY, Buffer.from(controlEnvelope(event, topic, data))),
  heartbeat: webSocketEncode(PING, Buffer.alloc(0)),
  pack: join,
  hasIds: false,
}

const webSocketEnvelope: Format = {
  ...webSocket,
  encode: once(webSocketEnvelopeFrame),
  control: (event, topic, data) => webSocketText(controlEnvelope(event, topic, data)),
  hasIds: true,
}

const session: Format = {
  ...webSocketEnvelope,
  placed: (topic, id) => webSocketText(openEnvelope(id, describeTopic(topic))),
}

export const FORMATS = { sse, sseEnvelope, ndjson, webSocket, webSocketEnvelope, session } as const

/** The formats of a stream over several channels of which some have a history. */
export const CURSOR_FORMATS = { sseEnvelope: sseCursors, ndjson: ndjsonCursors } as const

/** The same format for a client that wants to be told where it stands. */
export function telling(format: Format): Format {
  const known = tellingFormats.get(format)
  if (known) return known
  const wrapped: Format = { ...format, position: openOf(format) }
  tellingFormats.set(format, wrapped)
  return wrapped
}

function openOf({ transport, hasIds }: Format): (cursor: string) => Buffer {
  if (transport === 'websocket') return hasIds ? webSocketEnvelopeOpen : webSocketOpen
  return transport === 'ndjson' ? ndjsonOpen : sseOpen
}

const tellingFormats = new Map<Format, Format>()

/** The same format inside HTTP/1.1 chunked transfer coding, RFC 9112 section 7.1: one chunk a write. */
export function chunked(format: Format): Format {
  const known = chunkedFormats.get(format)
  if (known) return known
  const wrapped: Format = { ...format, heartbeat: chunk(format.heartbeat), pack: frames => chunk(format.pack(frames)) }
  chunkedFormats.set(format, wrapped)
  return wrapped
}

const chunkedFormats = new Map<Format, Format>()
const CRLF = Buffer.from('\r\n')

export const LAST_CHUNK = Buffer.from('0\r\n\r\n')

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF])
}
