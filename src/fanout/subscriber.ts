import { CLOSE_REASONS, type CloseReason } from '../protocol/close-reasons.js'
import { type Deferred, deferred } from '../support/deferred.js'

/** Where a subscriber's bytes leave: one HTTP response or one WebSocket. */
export interface Sink {
  write(bytes: Buffer): void
  /** Bytes that were written and have not yet gone to the kernel. */
  readonly buffered: number
  /** Bytes that have gone to the kernel since the connection was made. */
  readonly flushed: number
  /** Resolves when it takes more without holding it in memory, or when the connection is gone. */
  drained(): Promise<void>
  /** False when the peer has not answered the last heartbeat; transports without an answer say true. */
  heartbeat(): boolean
  /** Ends the connection, with a goodbye where the reason allows it, and within a bounded time. */
  close(reason: CloseReason): void
}

export interface SubscriberOptions {
  sink: Sink
  /** How many bytes a client may fall behind before it is disconnected. */
  maxBufferedBytes: number
  onClose: (reason: CloseReason) => void
}

/**
 * One client: held until its subscription is live, bounded in bytes, closed once.
 *
 *     held ──open()──▶ open ──close()──▶ closed
 *       └──close()──▶ closed, but what was held and the goodbye wait for open()
 */
export class Subscriber {
  #messages = 0
  #bytes = 0
  readonly #sink: Sink
  readonly #maxBufferedBytes: number
  readonly #onClose: (reason: CloseReason) => void
  #held: Buffer[] | undefined = []
  #heldBytes = 0
  #closed = false
  /** Why to end as soon as it is open. */
  #closing: CloseReason | undefined
  #flushedAtLastBeat = -1
  /** Resolved when it opens or closes. */
  #opened: Deferred | undefined

  constructor({ sink, maxBufferedBytes, onClose }: SubscriberOptions) {
    this.#sink = sink
    this.#maxBufferedBytes = maxBufferedBytes
    this.#onClose = onClose
  }

  /** Messages that were written for it. Up to date when it has left its groups. */
  get messages(): number {
    return this.#messages
  }

  /** Bytes that were written for it, control events included. Up to date when it has left its groups. */
  get bytes(): number {
    return this.#bytes
  }

  /** It gets what a group sends after these totals. */
  countFrom(messages: number, bytes: number): void {
    this.#messages -= messages
    this.#bytes -= bytes
  }

  /** It got what a group sent up to these totals. */
  countUpTo(messages: number, bytes: number): void {
    this.#messages += messages
    this.#bytes += bytes
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Lets out `opening`, then what came since the subscription became live, and everything after it. */
  open(opening: Buffer[] = []): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    for (const bytes of [...opening, ...held]) this.#sink.write(bytes)
    if (this.#closing) this.#sink.close(this.#closing)
    this.#opened?.resolve()
  }

  /** Resolves when it is open and has taken what was written, or when it is closed. */
  async ready(): Promise<void> {
    if (this.#held && !this.#closed) {
      this.#opened ??= deferred()
      await this.#opened.promise
    }
    await this.drained()
  }

  /** The same, without waiting for it to open. */
  async drained(): Promise<void> {
    if (!this.#held && !this.#closed) await this.#sink.drained()
  }

  /** Whole frames only: the bytes leave as they are, in this order, or the client is cut. */
  write(bytes: Buffer): void {
    if (this.#closed) return
    const buffered = this.#held ? this.#heldBytes : this.#sink.buffered
    // A client that has kept up may always have one more write, however large.
    if (buffered > 0 && buffered + bytes.length > this.#maxBufferedBytes) {
      this.close('slow_consumer')
    } else if (this.#held) {
      this.#held.push(bytes)
      this.#heldBytes += bytes.length
    } else {
      this.#sink.write(bytes)
    }
  }

  /** Keeps the connection alive, and ends it when the client has taken nothing since the last beat. */
  beat(heartbeat: Buffer): void {
    if (this.#closed || this.#held) return
    const { buffered, flushed } = this.#sink
    if (buffered > 0) {
      if (flushed === this.#flushedAtLastBeat) this.close('slow_consumer')
      else this.#flushedAtLastBeat = flushed
    } else if (this.#sink.heartbeat()) {
      this.#sink.write(heartbeat)
    } else {
      this.close('unresponsive')
    }
  }

  close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#held && !CLOSE_REASONS[reason].cut) {
      this.#closing = reason
    } else {
      this.#held = undefined
      this.#sink.close(reason)
    }
    this.#opened?.resolve()
    this.#onClose(reason)
  }
}
