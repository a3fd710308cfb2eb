export interface Watched {
  /** Whether the connection is up: another one is not probed. */
  isWanted(): boolean
  /** Asks the server something. Resolves with its answer. */
  probe(): Promise<void>
  /** The server has left a probe without an answer for too long. */
  onSilence(): void
}

/**
 * Keeps one probe under way. Redis answers in order, so a probe that is not answered in time stands for every command
 * before it; a command is never much older than the probe behind it.
 */
export class Watchdog {
  readonly #timeout: number
  readonly #watched: Watched
  readonly #timer: NodeJS.Timeout
  #lastConfirmedAt = 0
  /** When the probe was sent that has not been answered yet. */
  #probedAt: number | undefined

  constructor(timeout: number, watched: Watched) {
    this.#timeout = timeout
    this.#watched = watched
    this.#timer = setInterval(() => this.#look(), timeout / TICKS).unref()
  }

  /**
   * When the last probe was sent that has been answered, in milliseconds since 1970; 0 before the first. Replies and
   * messages come in one order.
   */
  get lastConfirmedAt(): number {
    return this.#lastConfirmedAt
  }

  /** The server has just answered something else. */
  confirm(): void {
    this.#lastConfirmedAt = Date.now()
  }

  /** The connection is gone, and the answer to its probe with it. */
  forget(): void {
    this.#probedAt = undefined
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    if (!this.#watched.isWanted()) return
    if (this.#probedAt === undefined) {
      this.#probe().catch(() => {}) // a failure closes the connection, which `close` reports
    } else if (performance.now() - this.#probedAt > this.#timeout * PROBE_SHARE) {
      const probedAt = this.#probedAt
      // If it was this process that stood still, the answer is waiting to be read: after this turn it has been.
      setImmediate(() => {
        // Otherwise it was answered, or sent on another connection.
        if (this.#probedAt === probedAt) this.#watched.onSilence()
      })
    }
  }

  async #probe(): Promise<void> {
    const sentAt = Date.now()
    this.#probedAt = performance.now()
    await this.#watched.probe()
    this.#probedAt = undefined
    this.#lastConfirmedAt = sentAt
  }
}

/** Looks in one timeout, and how much of the timeout a probe may take. */
const TICKS = 6
const PROBE_SHARE = 2 / 3
