import { controlEnvelope, openEnvelope } from './envelope.js'
import { type Format, join, once } from './format.js'

/* WebSocket: RFC 6455 section 5.2, server to client, so never masked. */

const TEXT = 1
const BINARY = 2
const PING = 9

export const webSocketText = (text: string): Buffer => encode(TEXT, Buffer.from(text))

function encode(opcode: number, payload: Buffer): Buffer {
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

/**
 * Bare messages: a text frame, or a binary one where the bytes are not UTF-8. A control event is a binary frame of valid
 * UTF-8. No message ever looks so, as valid UTF-8 goes out as text: a publisher cannot forge one.
 */
export const webSocket: Format = {
  transport: 'websocket',
  encode: once(({ text, data }) => encode(text === undefined ? BINARY : TEXT, data)),
  control: (event, topic, data) => encode(BINARY, Buffer.from(controlEnvelope(event, topic, data))),
  heartbeat: encode(PING, Buffer.alloc(0)),
  pack: join,
  open: cursor => encode(BINARY, Buffer.from(openEnvelope(cursor))),
  hasIds: false,
}

export const webSocketEnvelope: Format = {
  ...webSocket,
  encode: once(({ envelope }) => webSocketText(envelope)),
  control: (event, topic, data) => webSocketText(controlEnvelope(event, topic, data)),
  open: cursor => webSocketText(openEnvelope(cursor)),
  hasIds: true,
}

/** The multiplexed WebSocket, on which topics come and go. */
export const session: Format = {
  ...webSocketEnvelope,
  placed: (topic, id) => webSocketText(openEnvelope(id, topic)),
}
