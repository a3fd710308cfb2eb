import { setTimeout as pause } from 'node:timers/promises'
import type { History } from '../brokers/history.js'
import type { ChannelSequencer } from './channel-sequencer.js'

export interface PositionCheckOptions {
  readonly history: Pick<History, 'newest'>
  /** The sequencers of the channels that are live now, by channel. */
  readonly sequencers: () => Iterable<[string, ChannelSequencer]>
}

/**
 * Asks from time to time where the histories stand. A message that was lost on its way shows by
 * the next one; when there is no next one, it shows here.
 */
export class PositionCheck {
  readonly #history: Pick<History, 'newest'>
  readonly #sequencers: () => Iterable<[string, ChannelSequencer]>
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #rounds = 0

  constructor({ history, sequencers }: PositionCheckOptions) {
    this.#history = history
    this.#sequencers = sequencers
  }

  start(): void {
    // Jittered, so that the gateways do not all ask at the same time.
    this.#timer = setTimeout(() => this.#round(), INTERVAL_MS * (0.75 + Math.random() / 2)).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #round(): Promise<void> {
    await this.check()
    if (!this.#stopped) this.start()
  }

  /** `grace` is how long a message may be on its way, in milliseconds. */
  async check(grace = GRACE_MS): Promise<void> {
    const renew = this.#rounds++ % RENEWAL_ROUNDS === 0
    const asked = [...this.#sequencers()].map(([channel, sequencer]) => ({
      channel,
      sequencer,
      at: sequencer.position,
    }))
    for (let i = 0; i < asked.length && !this.#stopped; i += BATCH) {
      const batch = asked.slice(i, i + BATCH)
      const newest = await this.#history
        .newest(
          batch.map(({ channel }) => channel),
          { renew },
        )
        .catch(() => undefined)
      if (newest === undefined) return // what is lost while the broker is away is found when it is back
      await pause(grace, undefined, { ref: false })
      for (const [index, { sequencer, at }] of batch.entries()) sequencer.check(at, newest[index])
    }
  }
}

const INTERVAL_MS = 5000
/** Longer than a connection may be silent before it counts as dead, see REDIS_TIMEOUT_MS. */
const GRACE_MS = 1000
const BATCH = 1000
/** About ten minutes: well within the time that the position of a channel without messages is remembered. */
const RENEWAL_ROUNDS = 120
