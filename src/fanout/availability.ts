import type { GapReason } from '../protocol/gap.js'
import { type Deferred, deferred } from '../support/deferred.js'
import type { Client } from './client.js'

/** From `since` on, messages may have been missed. */
export interface Outage {
  readonly since: number
  readonly reason: GapReason
}

/**
 * Whether a topic is live at the broker, and since when its clients may have missed messages.
 *
 *     waiting ──becomeLive──▶ live ──lose──▶ lost: an outage ──becomeLive──▶ live …
 *        └─expectGap: a client stops waiting, so an outage begins for it
 *
 * The outage stays until `endOutage` takes it, which may be before the topic is live: by its first message.
 */
export class Availability {
  #isLive = false
  /** Settled when the topic is live or refused. Another one after each loss. */
  #live: Deferred = deferred()
  /** A client counts on the topic: what is missed from now on is announced. */
  #isPromised = false
  /** Clients that joined while the topic was not live, and that have been promised nothing yet. */
  readonly #waiting = new Set<Client>()
  #outage: Outage | undefined
  #lastOutage: Outage | undefined

  get isLive(): boolean {
    return this.#isLive
  }

  /** The one that no `gap` has announced yet, and no read of the history has repaired. */
  get outage(): Outage | undefined {
    return this.#outage
  }

  /** The one that `endOutage` returned last. */
  get lastOutage(): Outage | undefined {
    return this.#lastOutage
  }

  /** Settles when the topic is live or refused. */
  waitFor(client: Client): Promise<void> {
    this.#waiting.add(client)
    return this.#live.promise
  }

  isAwaitedBy(client: Client): boolean {
    return this.#waiting.has(client)
  }

  stopWaiting(client: Client): void {
    this.#waiting.delete(client)
  }

  /** The client counts on the topic although it is not live: what it misses from `now` on is announced. */
  expectGap(client: Client, now: number): void {
    if (this.#isLive) return
    this.#isPromised = true
    this.#waiting.delete(client)
    this.#outage ??= { since: now, reason: 'redis_unavailable' }
  }

  /** All clients count on the topic from now on. */
  becomeLive(): void {
    this.#isLive = true
    this.#isPromised = true
    this.#waiting.clear()
    this.#live.resolve()
  }

  /** False where no client counts on the topic yet, so that it is not lost to anyone. */
  lose(outage: Outage): boolean {
    if (!this.#isPromised) return false
    if (this.#isLive) this.#live = deferred()
    this.#isLive = false
    this.#outage ??= outage
    return true
  }

  refuse(error: Error): void {
    this.#live.reject(error)
  }

  endOutage(): Outage | undefined {
    const outage = this.#outage
    if (outage) this.#lastOutage = outage
    this.#outage = undefined
    return outage
  }
}
