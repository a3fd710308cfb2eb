import type { Redis } from 'ioredis'
import type { Topic } from '../../messages/topic.js'
import { topicKey } from '../../messages/topic.js'
import { type Deferred, deferred } from '../../support/deferred.js'
import { SubscribeRefused } from '../broker.js'

/** One thing to be subscribed to; `names` go to Redis in one command. */
interface Wanted {
  readonly topic: Topic
  readonly key: string
  readonly names: readonly string[]
  /** `asked`: the command is on its way. `live`: Redis has acknowledged it on this connection. */
  state: 'none' | 'asked' | 'live'
  readonly acknowledged: Deferred
  wasLive: boolean
}

export interface SubscriptionEvents {
  live(topic: Topic): void
  refused(topic: Topic): void
  /** The server is not the one for this topic now; it is not subscribed, and not asked for again by itself. */
  misplaced?(topic: Topic): void
}

/** How topics of one kind are subscribed. */
interface Verbs {
  ask(redis: Redis, names: readonly string[]): Promise<unknown>
  drop(redis: Redis, names: readonly string[]): Promise<unknown>
  /** Topics in one command; its reply has a line for each name, and blocks other clients of Redis meanwhile. */
  batch: number
}

const CLASSIC: Record<Topic['kind'], Verbs> = {
  channel: {
    ask: (redis, names) => redis.subscribe(...names),
    drop: (redis, names) => redis.unsubscribe(...names),
    batch: 500,
  },
  pattern: {
    ask: (redis, names) => redis.psubscribe(...names),
    drop: (redis, names) => redis.punsubscribe(...names),
    batch: 500,
  },
}

/** The names of one command must lie in one slot, as those of one topic do. */
const SHARDED: Verbs = {
  ask: (redis, names) => redis.ssubscribe(...names),
  drop: (redis, names) => redis.sunsubscribe(...names),
  batch: 1,
}

/**
 * What this gateway is subscribed to, and the way there. The list of what is wanted is ours, kept
 * in a Map; each tick the difference to what Redis has been asked for goes out in a few commands.
 * After a reconnect nothing has been asked for, so the same step subscribes everything again.
 */
export class Subscriptions {
  readonly #redis: Redis
  readonly #events: SubscriptionEvents
  readonly #verbs: Record<Topic['kind'], Verbs>
  readonly #wanted = new Map<string, Wanted>()
  readonly #asked = new Map<string, Wanted>()
  #dirty = new Set<string>()
  #isConnected = false

  constructor(redis: Redis, events: SubscriptionEvents, { sharded = false } = {}) {
    this.#redis = redis
    this.#events = events
    this.#verbs = sharded ? { channel: SHARDED, pattern: SHARDED } : CLASSIC
  }

  /** Resolves when Redis acknowledged it, rejects with `SubscribeRefused`. */
  add(topic: Topic, names: readonly string[]): Promise<void> {
    const key = topicKey(topic)
    const wanted: Wanted = { topic, key, names, state: 'none', acknowledged: deferred(), wasLive: false }
    this.#wanted.set(key, wanted)
    this.#touch(key)
    return wanted.acknowledged.promise
  }

  remove(topic: Topic): void {
    const key = topicKey(topic)
    if (this.#wanted.delete(key)) this.#touch(key)
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** The connection can be used: subscribes to everything that is wanted. */
  connected(): void {
    this.#isConnected = true
    this.#asked.clear()
    for (const [key, wanted] of this.#wanted) {
      wanted.state = 'none'
      this.#touch(key)
    }
  }

  /** The connection is lost. Nothing is asked for on the next one before it is known where it leads. */
  disconnected(): void {
    this.#isConnected = false
  }

  /** Subscribes to everything once more. Restores subscriptions that Redis dropped; live ones stay live. */
  askAgain(): void {
    for (const wanted of this.#asked.values()) this.#ask([wanted], wanted.topic.kind)
  }

  /** The topics that Redis has acknowledged on this connection. */
  live(): Topic[] {
    return [...this.#wanted.values()].filter(({ state }) => state === 'live').map(({ topic }) => topic)
  }

  #touch(key: string): void {
    if (this.#dirty.size === 0) queueMicrotask(() => this.#reconcile())
    this.#dirty.add(key)
  }

  #reconcile(): void {
    const dirty = this.#dirty
    this.#dirty = new Set()
    if (!this.#isConnected || this.#redis.status !== 'ready') return // `connected` will come
    const drop: Wanted[] = []
    const ask: Wanted[] = []
    for (const key of dirty) {
      const wanted = this.#wanted.get(key)
      const asked = this.#asked.get(key)
      if (wanted === asked) continue
      if (asked) drop.push(asked)
      if (wanted) ask.push(wanted)
    }
    this.#drop(drop)
    for (const kind of ['channel', 'pattern'] as const) {
      const ofKind = ask.filter(({ topic }) => topic.kind === kind)
      const { batch } = this.#verbs[kind]
      for (let i = 0; i < ofKind.length; i += batch) this.#ask(ofKind.slice(i, i + batch), kind)
    }
  }

  #drop(items: readonly Wanted[]): void {
    for (const { key } of items) this.#asked.delete(key)
    for (const kind of ['channel', 'pattern'] as const) {
      const { drop, batch } = this.#verbs[kind]
      const ofKind = items.filter(({ topic }) => topic.kind === kind)
      for (let i = 0; i < ofKind.length; i += batch) {
        const names = ofKind.slice(i, i + batch).flatMap(({ names }) => names)
        drop(this.#redis, names).catch(() => {}) // the connection is gone, or the slot, and the subscription with it
      }
    }
  }

  #ask(batch: readonly Wanted[], kind: Topic['kind']): void {
    for (const wanted of batch) {
      this.#asked.set(wanted.key, wanted)
      wanted.state = 'asked'
    }
    const names = batch.flatMap(({ names }) => names)
    const answer = this.#verbs[kind].ask(this.#redis, names)
    answer.then(
      () => {
        for (const wanted of batch) this.#acknowledge(wanted)
      },
      (error: Error) => {
        if (error.name === 'ReplyError') this.#refuse(batch, kind, error)
        // Any other error means that the connection is gone: `connected` asks again.
      },
    )
  }

  #acknowledge(wanted: Wanted): void {
    if (this.#asked.get(wanted.key) !== wanted || wanted.state !== 'asked') return // dropped, or asked on a later connection
    wanted.state = 'live'
    wanted.wasLive = true
    this.#events.live(wanted.topic)
    wanted.acknowledged.resolve()
  }

  /** Redis refuses a command as a whole, so each of a batch is asked for alone: one must not hurt the others. */
  #refuse(batch: readonly Wanted[], kind: Topic['kind'], error: Error): void {
    for (const wanted of batch) {
      if (this.#asked.get(wanted.key) !== wanted) continue
      this.#asked.delete(wanted.key)
      if (batch.length > 1) {
        if (this.#wanted.get(wanted.key) === wanted) this.#ask([wanted], kind)
        continue
      }
      if (this.#wanted.get(wanted.key) === wanted) this.#wanted.delete(wanted.key)
      if (this.#events.misplaced && !error.message.startsWith('NOPERM')) this.#events.misplaced(wanted.topic)
      else if (wanted.wasLive) this.#events.refused(wanted.topic)
      else wanted.acknowledged.reject(new SubscribeRefused(error.message))
    }
  }
}
