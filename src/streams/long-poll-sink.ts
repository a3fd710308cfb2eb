import type { Sink } from '../fanout/subscriber.js'
import type { Format } from '../protocol/format.js'

const SIGNAL = Buffer.from('!')

/** For who only wants to know that something has come. */
export const SIGNALS: Format = {
  transport: 'poll',
  encode: () => SIGNAL,
  control: () => SIGNAL,
  heartbeat: SIGNAL,
  pack: () => SIGNAL,
  open: () => SIGNAL,
  hasIds: true,
}

/** The sink of a client that waits for the next news and reads elsewhere what they are. */
export class LongPollSink implements Sink {
  readonly buffered = 0
  readonly flushed = 0
  #news = false
  #ended = false
  #wake = (): void => {}

  get ended(): boolean {
    return this.#ended
  }

  /** Resolves when something has come since the last call, or when it has ended. */
  async next(): Promise<void> {
    if (!this.#news && !this.#ended)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    this.#news = false
  }

  write(): void {
    this.#news = true
    this.#wake()
  }

  close(): void {
    this.#ended = true
    this.#wake()
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  heartbeat(): boolean {
    return true
  }
}
