import { setTimeout as pause } from 'node:timers/promises'
import type { History } from '../brokers/history.js'
import type { Position } from '../messages/position.js'

/** Asks where histories stand, all that are asked for in one tick in one trip. */
export class HeadLoader {
  readonly #history: Pick<History, 'newest'>
  readonly #retryMs: number
  #due: { readonly channels: string[]; readonly answer: Promise<(Position | undefined)[]> } | undefined

  /** `retryMs` is how long to wait, in milliseconds, before what failed is asked again. */
  constructor(history: Pick<History, 'newest'>, retryMs: number) {
    this.#history = history
    this.#retryMs = retryMs
  }

  /** Asks until it gets an answer, or is no longer needed, or has asked for so long that the channel must not wait for it. */
  async find(channel: string, isWanted: () => boolean): Promise<{ readonly newest: Position | undefined } | undefined> {
    const began = performance.now()
    while (isWanted()) {
      const place = await this.locate(channel).then(newest => ({ newest }), nothing)
      if (place || performance.now() - began > GIVE_UP_MS) return place
      await pause(this.#retryMs)
    }
    return undefined
  }

  /** Rejects as `History.newest` does. */
  async locate(channel: string): Promise<Position | undefined> {
    if (!this.#due || this.#due.channels.length >= BATCH) {
      const channels: string[] = []
      const answer = new Promise<void>(resolve => setImmediate(resolve)).then(() => {
        if (this.#due?.channels === channels) this.#due = undefined
        return this.#history.newest(channels)
      })
      this.#due = { channels, answer }
    }
    const { channels, answer } = this.#due
    const index = channels.push(channel) - 1
    return (await answer)[index]
  }
}

const nothing = (): undefined => undefined

const BATCH = 500
/** How long a channel with a history waits to know where that stands, before it is subscribed without. */
const GIVE_UP_MS = 10_000
