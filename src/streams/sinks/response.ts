import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Sink } from '../../fanout/subscriber.js'
import { CLOSE_REASONS, type CloseReason } from '../../protocol/close-reasons.js'
import type { Format } from '../../protocol/format.js'

/** What carries the response: it can fail, and a client can leave it, without the response noticing. */
export interface Carrier {
  /** Aborted when nothing more can be delivered. */
  readonly signal: AbortSignal
}

/**
 * A response without a socket of its own, such as the answer of a function. The platform adds the transfer coding, so
 * frames are written as they are.
 */
export class ResponseSink implements Sink {
  readonly #response: ServerResponse
  readonly #carrier: Carrier
  readonly #sendHead: () => void
  /** Bytes since the response was full. It reports only whether it is full, not how much it holds. */
  #buffered = 0
  #written = 0

  /** `sendHead` sends the head of the response. */
  constructor(response: ServerResponse, carrier: Carrier, sendHead: () => void) {
    this.#response = response
    this.#carrier = carrier
    this.#sendHead = sendHead
    response.on('drain', () => {
      this.#buffered = 0
    })
  }

  frame(format: Format): Format {
    return format
  }

  async begin(onClose: () => void): Promise<void> {
    const { signal } = this.#carrier
    signal.addEventListener('abort', onClose, { once: true })
    this.#sendHead()
    if (signal.aborted) onClose()
  }

  write(bytes: Buffer): void {
    if (this.#response.writableEnded) return
    this.#written += bytes.length
    const hasRoom = this.#response.write(bytes)
    if (hasRoom) this.#buffered = 0
    else this.#buffered += bytes.length
  }

  get buffered(): number {
    return this.#buffered
  }

  get flushed(): number {
    return this.#written - this.#buffered
  }

  async drained(): Promise<void> {
    const { signal } = this.#carrier
    if (this.#buffered > 0 && !signal.aborted) await once(this.#response, 'drain', { signal }).catch(() => {})
  }

  /** HTTP has no answer to a heartbeat. */
  heartbeat(): boolean {
    return true
  }

  close(reason: CloseReason): void {
    if (CLOSE_REASONS[reason].cut) this.#response.destroy()
    else this.#response.end()
  }
}
