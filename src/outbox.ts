import { Counters } from './counters.js'

/** What has something to let go of at the end of a tick. */
interface Queued {
  /** Lets go of some of it; what has more left adds itself again. */
  advance(): void
  /** Lets go of all of it. */
  flush(): void
}

/**
 * Joins what one event-loop tick brings into one write per client. `setImmediate` runs when all
 * sockets that were readable in this tick have been read: a burst is joined, while a message that
 * comes alone waits for nothing.
 */
export class Outbox {
  readonly counters: Counters
  #queue: Queued[] = []

  constructor(counters = new Counters()) {
    this.counters = counters
  }

  add(lane: Queued): void {
    if (this.#queue.push(lane) === 1) setImmediate(this.#advance)
  }

  /** Lets go at once of what waits for the end of a tick. */
  flush(): void {
    for (const lane of this.#queue) lane.flush()
  }

  readonly #advance = (): void => {
    const queue = this.#queue
    this.#queue = []
    for (const lane of queue) lane.advance()
  }
}
