import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Sink } from '../../fanout/subscriber.js'
import { CLOSE_REASONS, type CloseReason } from '../../protocol/close-reasons.js'
import { SocketSink } from './socket.js'

/**
 * A WebSocket. Frames go straight to its socket, as they are the same bytes for every client;
 * what belongs to one client alone, answers and the closing handshake, goes through `ws`. Both
 * write whole frames at once, as there is no compression, so that they cannot mix.
 */
export class WebSocketSink extends SocketSink implements Sink {
  readonly #upgraded: Socket
  /** Set by `begin`; nothing is written before. */
  #webSocket: WebSocket | undefined
  #alive = true

  /** `socket` is the connection of the upgrade request. */
  constructor(socket: Socket) {
    super()
    this.#upgraded = socket
  }

  /** The handshake is done. */
  begin(webSocket: WebSocket): void {
    this.#webSocket = webSocket
    this.attach(this.#upgraded)
    webSocket.on('pong', () => {
      this.#alive = true
    })
  }

  override write(bytes: Buffer): void {
    if (this.#webSocket?.readyState === OPEN) super.write(bytes)
  }

  heartbeat(): boolean {
    const answered = this.#alive
    this.#alive = false
    return answered
  }

  close(reason: CloseReason): void {
    const webSocket = this.#webSocket
    if (!webSocket) return
    webSocket.close(CLOSE_REASONS[reason].code, reason)
    // ws waits half a minute for the peer's side of the handshake; a stuck peer never sends it, least of all one that has had its time to answer a ping.
    const timeout = reason === 'unresponsive' ? LAST_TIMEOUT_MS : CLOSE_TIMEOUT_MS
    const timer = setTimeout(() => webSocket.terminate(), timeout)
    webSocket.once('close', () => clearTimeout(timer))
  }
}

/** `WebSocket.OPEN`, WHATWG WebSockets section 3.1. */
const OPEN = 1
const CLOSE_TIMEOUT_MS = 2000
const LAST_TIMEOUT_MS = 100
