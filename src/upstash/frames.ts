import { escapeLineEnds, toJson } from '../messages/json-text.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import { type Format, once } from '../protocol/format.js'
import { sse, sseComment, sseRetry } from '../protocol/sse.js'

/**
 * A stream as Upstash's protocol has it: Server-Sent Events of one line each, such as
 * `data: message,news,hello`. There is no word for a control event in it: they go as comments, which its
 * clients pass over.
 */
export const UPSTASH_FORMAT: Format = {
  transport: 'sse',
  encode: (message, topic) => (topic?.kind === 'pattern' ? patternFrame(message, topic) : channelFrame(message)),
  control: (event, _topic, data) => sseComment(`${event} ${data}`),
  heartbeat: sse.heartbeat,
  pack: sse.pack,
  retry: sseRetry,
  comment: sseComment,
  open: sse.open,
  hasIds: false,
}

const channelFrame = once(message => line(`message,${message.channel},${payload(message)}`))

/** Remembered under the topic: the same message can come by several patterns. */
function patternFrame(message: Message, topic: Topic): Buffer {
  let frame = message.encoded.get(topic)
  if (frame === undefined) {
    frame = hasPlace(message.channel)
      ? line(`pmessage,${topic.name},${message.channel},${payload(message)}`)
      : sseComment(`not delivered, as its name has a comma or a line end: ${toJson(message.channel)}`)
    message.encoded.set(topic, frame)
  }
  return frame
}

/** Says that the topics are live, with the count that Redis gives: how many the connection has by then. */
export function subscribedFrames(topics: readonly Topic[]): Buffer[] {
  return topics.map(({ kind, name }, i) => line(`${kind === 'pattern' ? 'psubscribe' : 'subscribe'},${name},${i + 1}`))
}

/** Native publishers use any names. One with a comma would be cut there, and pass for another channel. */
const hasPlace = (channel: string): boolean => !channel.includes(',') && !LINE_END.test(channel)

const line = (text: string): Buffer => Buffer.from(`data: ${text}\n\n`)

/** Also those at which only some readers split, such as `splitlines` of Python. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters end a line
const LINE_END = /[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/

/**
 * The message on one line. A client of this protocol treats each line as a separate frame, so that a message with line
 * ends could pass for a message of another channel. In JSON they are but space; in other text they are escaped as
 * in a JSON string, which the client's deserialisation turns back. Bytes that are not UTF-8 have no form here: they
 * become U+FFFD.
 */
function payload({ text, data }: Message): string {
  const known = text ?? data.toString('utf8')
  if (!LINE_END.test(known)) return known
  return isJson(known) ? escapeLineEnds(known.replace(/[\r\n]+/g, ' ')) : toJson(known)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
