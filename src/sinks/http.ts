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
    if (CLOSE_REASONS[reason].cut) this.#response.destroy()
    else if (this.#response.headersSent) this.#response.end()
  }
}
