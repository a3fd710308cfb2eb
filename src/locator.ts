import type { History, Position } from './history.js'

/** Asks where histories stand, all that are asked for in one tick in one trip. */
export class Locator {
  readonly #history: Pick<History, 'newest'>
  #due: { readonly channels: string[]; readonly answer: Promise<(Position | undefined)[]> } | undefined

  constructor(history: Pick<History, 'newest'>) {
    this.#history = history
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

const BATCH = 500
