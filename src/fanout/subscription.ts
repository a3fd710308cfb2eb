import type { PageQuery, Replays } from '../history/catch-up-limiter.js'
import type { Audience, Follower } from '../history/channel-sequencer.js'
import { Resumption } from '../history/client-catch-up.js'
import { encodeId } from '../messages/cursor.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/frames.js'
import { type GapReason, gapData } from '../protocol/gap.js'
import { type Deferred, deferred } from '../support/deferred.js'
import { atMost } from '../support/with-timeout.js'
import type { Counters } from '../telemetry/counters.js'
import { PrivateLane } from './client-queue.js'
import { Lane } from './fanout-group.js'
import type { Outbox } from './flush-scheduler.js'
import type { Subscriber } from './subscriber.js'

/** A client and how it wants its bytes. `lane` is its own, for a client that shares none. */
export interface Client {
  readonly subscriber: Subscriber
  readonly format: Format
  readonly lane?: PrivateLane
}

/** What all subscriptions of a hub share. */
export interface SubscriptionContext {
  readonly outbox: Outbox
  readonly counters: Counters
  readonly now: () => number
  /** The work of bringing clients up to date; undefined where nothing has a history. */
  readonly replays: Replays | undefined
}

/** One topic that has clients here: subscribed once at the broker for all of them. */
export class Subscription implements Audience {
  readonly topic: Topic
  readonly lanes = new Set<Lane>()
  /** Where the topic is a channel with a history. */
  follower: Follower | undefined
  /** Settled when the topic is live, or refused; another one after each loss. */
  live: Deferred = deferred()
  isLive = false
  /** Since when messages may have been missed that no `gap` has told of yet. */
  lost: Lost | undefined
  /** The last loss for which the follower has read, or still reads, the history. */
  repaired: Lost | undefined
  /** Somebody counted on it before the follower knew where to begin. */
  isBehind = false
  readonly #context: SubscriptionContext
  readonly #shared = new Map<Format, Lane>()
  #isPromised = false
  /** Clients that joined while the topic was not live, and have been promised nothing yet. */
  readonly #waiting = new Set<Client>()
  /** Clients that are being brought up to date, each on a lane of its own until then. */
  readonly #resuming = new Map<Client, Resumption>()
  /** Those that have caught up with the message that is being delivered. */
  #arrived: Client[] = []
  /** Messages that came and are held back until something before them has been read. */
  #held: WeakSet<Message> | undefined

  constructor(topic: Topic, context: SubscriptionContext) {
    this.topic = topic
    this.#context = context
  }

  join(client: Client): void {
    this.flush(client) // its last member may be cut by that, and the lane be gone
    const lane = client.lane ?? this.#sharedLane(client.format)
    if (this.follower) client.lane?.follow(this.topic)
    lane.join(client.subscriber)
    this.lanes.add(lane)
  }

  /** The client joins when it has caught up from its place in the history. Undefined where there is none. */
  resume(client: Client, from: PageQuery): Resumption | undefined {
    const { follower, topic } = this
    const { replays, outbox } = this.#context
    if (!follower || !replays) return undefined
    const lane = client.lane ?? new PrivateLane(client.format, outbox)
    const resumption = new Resumption(lane, client.subscriber, topic, from, replays, {
      head: () => follower.position,
      gap: (reason, until) => lane.push(lane.format.control('gap', topic, this.#gapData(reason, undefined, until))),
      caughtUp: () => this.#joinOthers(client),
      arrived: () => this.#arrived.push(client),
    })
    this.#resuming.set(client, resumption)
    lane.follow(topic, resumption)
    resumption.keepPlace()
    lane.join(client.subscriber)
    this.lanes.add(lane)
    return resumption
  }

  /** Somebody counts on the topic: what is missed from now on is told. */
  get isPromised(): boolean {
    return this.#isPromised
  }

  /** From now on the client counts on the topic; without one, all of them do. */
  promise(client?: Client): void {
    this.#isPromised = true
    if (client) this.#waiting.delete(client)
    else this.#waiting.clear()
  }

  /** Settles when the topic is live, or refused. */
  waitFor(client: Client): Promise<void> {
    this.#waiting.add(client)
    return this.live.promise
  }

  leave(client: Client): void {
    this.#waiting.delete(client)
    const resumption = this.#resuming.get(client)
    resumption?.stop()
    this.#resuming.delete(client)
    if (client.lane) {
      client.lane.forget()
      client.lane.leaveTopic(this.topic)
      this.lanes.delete(client.lane)
      return
    }
    const lane = resumption?.lane ?? this.#shared.get(client.format)
    if (!lane) return
    lane.leave(client.subscriber)
    if (lane.members.size > 0) return
    this.lanes.delete(lane)
    if (!resumption) this.#shared.delete(client.format)
  }

  /** What comes next does not follow what came so far. */
  interrupt(): void {
    for (const lane of this.lanes) lane.forget()
    for (const resumption of this.#resuming.values()) resumption.readOn()
  }

  deliver(message: Message): void {
    const wasHeld = this.#held?.has(message) === true
    for (const lane of this.lanes) if (!wasHeld || lane.knows(message)) lane.deliver(message, this.topic)
    if (this.#arrived.length > 0) for (const client of this.#arrived.splice(0)) this.#joinOthers(client)
  }

  note(message: Message): void {
    this.#held ??= new WeakSet()
    this.#held.add(message)
    for (const lane of this.lanes) lane.note(message, this.topic)
  }

  gap(reason: GapReason, since?: number, until?: number): void {
    const data = this.#gapData(reason, since, until)
    for (const lane of this.lanes) lane.tell(reason, this.topic, data)
  }

  /**
   * The data of the `gap` that is due to clients of the format, or to the one client, if they leave now. A client that can
   * resume by its ids has missed nothing, and neither has one that still waits for the topic.
   */
  gapDue({ hasIds }: Format, client?: Client): string | undefined {
    const { topic, follower, lost } = this
    if (client && this.#waiting.has(client)) return undefined
    if (hasIds && follower?.position) return undefined
    const due = lost ?? (hasIds ? undefined : this.#unread(client))
    return due && gapData({ topic, ...due, until: this.#context.now() })
  }

  /** Why the history has messages that a client without ids has not got yet. */
  #unread(client: Client | undefined): { since?: number; reason: GapReason } | undefined {
    if (this.follower?.isRepairing) return this.repaired ?? UNREAD
    return client && this.#resuming.has(client) ? UNREAD : undefined
  }

  async ready(): Promise<void> {
    const members = []
    for (const lane of this.lanes) {
      lane.flush()
      for (const member of lane.members) members.push(member.drained())
    }
    await atMost(READY_MS, Promise.all(members))
  }

  /** Where the client stands, for one that joined and is up to date; undefined where nobody knows. */
  idOf(client: Client): string | undefined {
    const position = this.#resuming.has(client) ? undefined : this.follower?.position
    return position && encodeId(this.topic.name, position)
  }

  /** What the client gets from now on comes after what it got so far. */
  flush(client: Client): void {
    const lane = client.lane ?? this.#shared.get(client.format)
    lane?.flush()
  }

  #gapData(reason: GapReason, since?: number, until = this.#context.now()): string {
    this.#context.counters.gap(reason)
    return gapData({ topic: this.topic, since, until, reason })
  }

  #sharedLane(format: Format): Lane {
    let lane = this.#shared.get(format)
    if (!lane) {
      lane = new Lane(format, this.#context.outbox)
      this.#shared.set(format, lane)
    }
    return lane
  }

  /** The client has exactly what the others have: from here on it goes with them. */
  #joinOthers(client: Client): void {
    const resumption = this.#resuming.get(client)
    if (!resumption) return // it left with that very message
    this.#resuming.delete(client)
    resumption.join(this.follower?.tip)
    resumption.lane.openGate(this.topic)
    if (client.lane) return
    resumption.lane.leave(client.subscriber)
    this.join(client)
    this.lanes.delete(resumption.lane) // not before, or the subscription might seem to be empty
  }
}

interface Lost {
  readonly since: number
  readonly reason: GapReason
}

const UNREAD = { reason: 'history_unavailable' } as const

/** How long clients that are slow to take what was repaired keep the others waiting for more. */
const READY_MS = 250
