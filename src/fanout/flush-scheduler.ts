import { Counters } from '../telemetry/counters.js'

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
export class FlushScheduler {
  readonly counters: Counters
  #queue = new Set<Queued>()

  constructor(counters = new Counters()) {
    this.counters = counters
  }

  add(group: Queued): void {
    if (this.#queue.size === 0) setImmediate(this.#advance)
    this.#queue.add(group)
  }

  /** Lets go at once of what waits for the end of a tick. */
  flush(): void {
    for (const group of this.#take()) group.flush()
  }

  readonly #advance = (): void => {
    for (const group of this.#take()) group.advance()
  }

  #take(): Set<Queued> {
    const queue = this.#queue
    this.#queue = new Set()
    return queue
  }
}
