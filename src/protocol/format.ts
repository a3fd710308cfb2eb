import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'

/**
 * The wire form of a stream. Formats are pure: bytes in, bytes out. Each has its own file here.
 *
 * `encode` makes one frame. `pack` joins the frames of one tick, and adds what the transport needs around a write. Both
 * happen once per message or tick, never per client.
 */
export interface Format {
  /** The label of its streams in metrics and in the access log. */
  readonly transport: string
  /** The topic is the one that the message matched, for formats that name it. */
  encode(message: Message, topic?: Topic): Buffer
  /** A control event about a topic, such as `gap`; `data` is JSON text. */
  control(event: ControlEvent, topic: Topic, data: string): Buffer
  /** Keeps a silent connection from being cut. */
  readonly heartbeat: Buffer
  pack(frames: readonly Buffer[]): Buffer
  /** When to reconnect after the stream has ended, in milliseconds. Only SSE has a field for it. */
  retry?(milliseconds: number): Buffer
  /** A remark that no client takes for a message. Only SSE has comments. */
  comment?(text: string): Buffer
  /** Where the client stands, for one that has got no message yet. */
  position?(cursor: string): Buffer
  /** The same as an `open` event, for a client that asked for it with `position=true`. */
  open(cursor: string): Buffer
  /** The same of one topic, for a client that adds topics as it goes, when nothing was found there to begin with. */
  placed?(topic: Topic, id: string): Buffer
  /**
   * What stands before the frame of a message for one client alone: the cursor over all its channels,
   * or what the frame lacks without it.
   */
  prefix?(cursor: string | undefined): Buffer
  /** Its clients see the ids of messages, and can go on from one on another stream. */
  readonly hasIds: boolean
}

export const CONTROL_EVENTS = ['gap', 'error'] as const
export type ControlEvent = (typeof CONTROL_EVENTS)[number]

export const join = (frames: readonly Buffer[]): Buffer =>
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

/** A variant of formats that is made once for each, so that all its streams share one encoding. */
function variantOf(make: (format: Format) => Format): (format: Format) => Format {
  const known = new Map<Format, Format>()
  return format => {
    let variant = known.get(format)
    if (!variant) {
      variant = make(format)
      known.set(format, variant)
    }
    return variant
  }
}

/** The same format for a client that asked where it stands. */
export const withPosition = variantOf(format => ({ ...format, position: format.open }))

/** The same format inside HTTP/1.1 chunked transfer coding, RFC 9112 section 7.1: one chunk a write. */
export const chunked = variantOf(format => ({
  ...format,
  heartbeat: chunk(format.heartbeat),
  pack: frames => chunk(format.pack(frames)),
}))

export const LAST_CHUNK = Buffer.from('0\r\n\r\n')

/** One allocation. `Buffer.concat` would make more of them, and this runs for each write of a channel. */
function chunk(bytes: Buffer): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2)
  chunk.write(size, 'latin1')
  chunk.set(bytes, size.length)
  chunk[chunk.length - 2] = CR
  chunk[chunk.length - 1] = LF
  return chunk
}

const CR = 13
const LF = 10
