import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { CLOSE_REASONS, type CloseReason } from '../close-reasons.js'
import type { Sink } from '../subscriber.js'

/**
 * An HTTP response that streams. Its head goes out through Node's response, its body straight to
 * the socket: the frames already are in chunked transfer coding, the same bytes for every client.
 */
export class HttpSink implements Sink {
  readonly #response: ServerResponse
  /** Set by `begin`; nothing is written before. */
  #socket: Socket | undefined

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** The head has been written and the response is the one that the socket carries now. */
  begin(socket: Socket): void {
    this.#socket = socket
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes)
  }

  get buffered(): number {
    return this.#socket?.writableLength ?? 0
  }

  get flushed(): number {
    return (this.#socket?.bytesWritten ?? 0) - this.buffered
  }

  /** HTTP has no answer to a heartbeat. */
  heartbeat(): boolean {
    return true
  }

  close(reason: CloseReason): void {
    const response = this.#response
    if (CLOSE_REASONS[reason].cut) {
      response.destroy()
    } else {
      response.end()
      // A client that has stopped reading would never let the end through.
      const timer = setTimeout(() => response.destroy(), CLOSE_TIMEOUT_MS)
      response.once('close', () => clearTimeout(timer))
    }
  }
}

const CLOSE_TIMEOUT_MS = 2000
