import { Counters } from './counters.js'

/** What can be flushed at the end of a tick. */
interface Flushable {
  flush(): void
}

/**
 * Joins what one event-loop tick brings into one write per client. `setImmediate` runs when all
 * sockets that were readable in this tick have been read: a burst is joined, while a message that
 * comes alone waits for nothing.
 */
export class Outbox {
  readonly counters: Counters
  #dirty: Flushable[] = []

  constructor(counters = new Counters()) {
    this.counters = counters
  }

  add(lane: Flushable): void {
    if (this.#dirty.push(lane) === 1) setImmediate(this.flush)
  }

  /** Lets go at once of what waits for the end of the tick. */
  readonly flush = (): void => {
    const dirty = this.#dirty
    this.#dirty = []
    for (const lane of dirty) lane.flush()
  }
}
