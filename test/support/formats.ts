import { ndjson, ndjsonCursors } from '../../src/protocol/ndjson.js'
import { sse, sseCursors, sseEnvelope } from '../../src/protocol/sse.js'
import { session, webSocket, webSocketEnvelope } from '../../src/protocol/web-socket.js'

/** Every wire form of a stream, by name. */
export const FORMATS = { sse, sseEnvelope, ndjson, webSocket, webSocketEnvelope, session } as const

/** Those of a stream over several channels of which some have a history. */
export const CURSOR_FORMATS = { sseEnvelope: sseCursors, ndjson: ndjsonCursors } as const
