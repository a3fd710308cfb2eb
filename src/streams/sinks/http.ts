import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Sink } from '../../fanout/subscriber.js'
import { detach } from '../../node-internals/detach.js'
import { CLOSE_REASONS, type CloseReason } from '../../protocol/close-reasons.js'
import { chunked, type Format, LAST_CHUNK } from '../../protocol/format.js'
import { endSoon } from './end-soon.js'
import { SocketSink } from './socket.js'

/**
 * An HTTP response that streams. Its head goes out through Node's response, its body straight to
 * the socket: the frames already are in chunked transfer coding, the same bytes for every client.
 */
export class HttpSink extends SocketSink implements Sink {
  /** Until it has begun. */
  #response: ServerResponse | undefined
  /** Until it has begun: it holds the request and the reply, which must not live as long as the stream. */
  #sendHead: (() => Promise<Socket>) | undefined
  /** HTTP/1.0 has no chunks: the end of the connection is the end of the body. */
  readonly #chunked: boolean

  /** `sendHead` sends the head of the response, and resolves with the socket once that carries this response. */
  constructor(response: ServerResponse, sendHead: () => Promise<Socket>) {
    super()
    this.#response = response
    this.#sendHead = sendHead
    this.#chunked = response.req.httpVersionMinor > 0
  }

  frame(format: Format): Format {
    return this.#chunked ? chunked(format) : format
  }

  async begin(onClose: () => void): Promise<void> {
    const sendHead = this.#sendHead
    this.#sendHead = undefined
    if (!sendHead) throw new Error('the stream has begun already')
    const socket = await sendHead()
    const isDetached = this.#response !== undefined && detach(this.#response, socket)
    this.#response = undefined
    this.attach(socket)
    socket.on('close', onClose)
    // A client that closes its sending side has left. Nothing else shows that for a client that only reads.
    if (socket.readableEnded) endSoon(socket)
    else if (!isDetached) socket.once('end', () => endSoon(socket))
  }

  /** HTTP has no answer to a heartbeat. */
  heartbeat(): boolean {
    return true
  }

  close(reason: CloseReason): void {
    if (CLOSE_REASONS[reason].cut) {
      this.socket?.destroy()
      this.#response?.destroy()
    } else if (this.socket) {
      end(this.socket, this.#chunked)
    }
  }
}

/** Closes the connection after what has been written; within a bounded time, as a stuck client takes nothing. */
function end(socket: Socket, chunked: boolean): void {
  if (chunked) socket.write(LAST_CHUNK)
  endSoon(socket)
  if (socket.destroyed) return
  const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS)
  socket.once('close', () => clearTimeout(timer))
}

const CLOSE_TIMEOUT_MS = 2000
