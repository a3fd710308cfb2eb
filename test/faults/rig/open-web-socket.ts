import WebSocket from 'ws'
import type { TopicName } from './history.js'
import { type Begin, type OpenStream, readEnvelope, type StreamHandler } from './open-stream.js'

/** One channel over a WebSocket. Messages are text; a binary frame is a control event. */
export function openChannelWebSocket(url: string, channel: string, handler: StreamHandler): OpenStream {
  return connect(`${url}/channels/${channel}/ws`, handler, {
    open: () => handler.open(),
    frame: (text, isBinary) => (isBinary ? readEnvelope(text, handler) : handler.message(channel, undefined, text)),
  })
}

/** The same as envelopes, which tell where the client stands, so that it can go on from there. */
export function openEnvelopeWebSocket(
  url: string,
  channel: string,
  handler: StreamHandler,
  { cursor, asksForPosition = false }: Begin,
): OpenStream {
  const after = cursor === undefined ? '' : `&after=${cursor}`
  const position = asksForPosition ? '&position=true' : ''
  return connect(`${url}/channels/${channel}/ws?format=envelope${after}${position}`, handler, {
    open: () => handler.open(),
    frame: text => readEnvelope(text, handler),
  })
}

/** When a client asks again for what it was refused. */
const ASK_AGAIN_MS = 300

/** What becomes of each topic on a stream where they come and go. */
export interface TopicHandler {
  /** From where it is to go on. */
  cursorOf(topic: TopicName): string | undefined
  /** The gateway has acknowledged it. */
  live(topic: TopicName): void
  /** The gateway cannot listen to it any more. */
  refused(topic: TopicName): void
}

/** Several topics over one WebSocket. What is refused is asked for again. */
export function openSession(
  url: string,
  topics: readonly TopicName[],
  handler: StreamHandler,
  { cursorOf, live, refused }: TopicHandler,
): OpenStream {
  const subscribe = (socket: WebSocket, ref: number) => {
    const topic = topics[ref]
    if (!topic || socket.readyState !== WebSocket.OPEN) return
    const { kind, name } = topic
    socket.send(JSON.stringify({ type: 'subscribe', [kind]: name, ref, after: cursorOf(topic) }))
  }
  const askAgain = (socket: WebSocket, ref: number) => setTimeout(() => subscribe(socket, ref), ASK_AGAIN_MS)
  return connect(`${url}/ws`, handler, {
    open: socket => {
      handler.open()
      for (const ref of topics.keys()) subscribe(socket, ref)
    },
    frame: (text, _isBinary, socket) => {
      const { type, ref = -1, id, event, channel, pattern } = JSON.parse(text) as SessionFrame
      const topic = topics[ref]
      if (type === undefined) {
        readEnvelope(text, handler)
        const lost = event === 'error' ? topics.findIndex(({ name }) => name === (pattern ?? channel)) : -1
        if (!topics[lost]) return
        refused(topics[lost])
        askAgain(socket, lost)
      } else if (type === 'subscribed' && topic) {
        live(topic)
        if (id !== undefined) handler.position(id, channel)
      } else if (type === 'error') {
        handler.control('error', text)
        if (topic) askAgain(socket, ref)
      }
    },
  })
}

/** An answer has a type; an envelope, of a message or a control event, has none. As the contract says. */
interface SessionFrame {
  type?: string
  ref?: number
  id?: string
  event?: string
  channel?: string
  pattern?: string
}

function connect(
  url: string,
  handler: StreamHandler,
  on: { open(socket: WebSocket): void; frame(text: string, isBinary: boolean, socket: WebSocket): void },
): OpenStream {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false })
  let closed = false
  socket.on('open', () => on.open(socket))
  socket.on('message', (data: Buffer, isBinary) => on.frame(`${data}`, isBinary, socket))
  socket.on('unexpected-response', (_request, response) => {
    handler.refused(response.statusCode ?? 0)
    socket.terminate()
  })
  socket.on('error', () => {}) // a close follows
  // 1006: there was no closing handshake, RFC 6455 section 7.1.5.
  socket.on('close', code => handler.end(closed ? 'self' : code === 1006 ? 'cut' : 'clean', code))
  return {
    close: () => {
      closed = true
      socket.terminate()
    },
  }
}
