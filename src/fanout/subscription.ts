import type { CatchUpLimiter, PageQuery } from '../history/catch-up-limiter.js'
import type { Audience, ChannelSequencer } from '../history/channel-sequencer.js'
import { ClientCatchUp } from '../history/client-catch-up.js'
import { encodeId } from '../messages/cursor.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import { type GapReason, gapData } from '../protocol/gap.js'
import { type Deferred, deferred } from '../support/deferred.js'
import { withTimeout } from '../support/with-timeout.js'
import type { Counters } from '../telemetry/counters.js'
import { ClientQueue } from './client-queue.js'
import { FanoutGroup } from './fanout-group.js'
import type { FlushScheduler } from './flush-scheduler.js'
import type { Subscriber } from './subscriber.js'

/** A client and how it wants its bytes. `group` is its own, for a client that shares none. */
export interface Client {
  readonly subscriber: Subscriber
  readonly format: Format
  readonly group?: ClientQueue
}

/** What all subscriptions of a hub share. */
export interface SubscriptionContext {
  readonly scheduler: FlushScheduler
  readonly counters: Counters
  readonly now: () => number
  /** The work of bringing clients up to date; undefined where nothing has a history. */
  readonly catchUps: CatchUpLimiter | undefined
}

/** One topic that has clients here: subscribed once at the broker for all of them. */
export class Subscription implements Audience {
  readonly topic: Topic
  readonly groups = new Set<FanoutGroup>()
  /** Where the topic is a channel with a history. */
  sequencer: ChannelSequencer | undefined
  /** Settled when the topic is live, or refused; another one after each loss. */
  live: Deferred = deferred()
  isLive = false
  /** Since when messages may have been missed that no `gap` has told of yet. */
  lost: Lost | undefined
  /** The last loss for which the sequencer has read, or still reads, the history. */
  repaired: Lost | undefined
  /** Somebody counted on it before the sequencer knew where to begin. */
  isBehind = false
  readonly #context: SubscriptionContext
  readonly #shared = new Map<Format, FanoutGroup>()
  #isPromised = false
  /** Clients that joined while the topic was not live, and have been promised nothing yet. */
  readonly #waiting = new Set<Client>()
  /** Clients that are being brought up to date, each on a group of its own until then. */
  readonly #catchingUp = new Map<Client, ClientCatchUp<ClientQueue>>()
  /** Those that have caught up with the message that is being delivered. */
  #arrived: Client[] = []
  /** Messages that came and are held back until something before them has been read. */
  #held: WeakSet<Message> | undefined

  constructor(topic: Topic, context: SubscriptionContext) {
    this.topic = topic
    this.#context = context
  }

  join(client: Client): void {
    this.flush(client) // its last member may be cut by that, and the group be gone
    const group = client.group ?? this.#sharedGroup(client.format)
    if (this.sequencer) client.group?.follow(this.topic)
    group.join(client.subscriber)
    this.groups.add(group)
  }

  /** The client joins when it has caught up from its place in the history. Undefined where there is none. */
  resume(client: Client, from: PageQuery): ClientCatchUp<ClientQueue> | undefined {
    const { sequencer, topic } = this
    const { catchUps, scheduler } = this.#context
    if (!sequencer || !catchUps) return undefined
    const group = client.group ?? new ClientQueue(client.format, scheduler)
    const catchUp = new ClientCatchUp(group, client.subscriber, topic, from, catchUps, {
      head: () => sequencer.position,
      gap: (reason, until) => group.push(group.format.control('gap', topic, this.#gapData(reason, undefined, until))),
      caughtUp: () => this.#joinOthers(client),
      arrived: () => this.#arrived.push(client),
    })
    this.#catchingUp.set(client, catchUp)
    group.follow(topic, catchUp)
    catchUp.keepPlace()
    group.join(client.subscriber)
    this.groups.add(group)
    return catchUp
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
    const catchUp = this.#catchingUp.get(client)
    catchUp?.stop()
    this.#catchingUp.delete(client)
    if (client.group) {
      client.group.forget()
      client.group.leaveTopic(this.topic)
      this.groups.delete(client.group)
      return
    }
    const group = catchUp?.group ?? this.#shared.get(client.format)
    if (!group) return
    group.leave(client.subscriber)
    if (group.members.size > 0) return
    this.groups.delete(group)
    if (!catchUp) this.#shared.delete(client.format)
  }

  /** What comes next does not follow what came so far. */
  interrupt(): void {
    for (const group of this.groups) group.forget()
    for (const catchUp of this.#catchingUp.values()) catchUp.readOn()
  }

  deliver(message: Message): void {
    const wasHeld = this.#held?.has(message) === true
    for (const group of this.groups) if (!wasHeld || group.knows(message)) group.deliver(message, this.topic)
    if (this.#arrived.length > 0) for (const client of this.#arrived.splice(0)) this.#joinOthers(client)
  }

  note(message: Message): void {
    this.#held ??= new WeakSet()
    this.#held.add(message)
    for (const group of this.groups) group.note(message, this.topic)
  }

  gap(reason: GapReason, since?: number, until?: number): void {
    const data = this.#gapData(reason, since, until)
    for (const group of this.groups) group.tell(reason, this.topic, data)
  }

  /**
   * The data of the `gap` that is due to clients of the format, or to the one client, if they leave now. A client that can
   * resume by its ids has missed nothing, and neither has one that still waits for the topic.
   */
  gapDue({ hasIds }: Format, client?: Client): string | undefined {
    const { topic, sequencer, lost } = this
    if (client && this.#waiting.has(client)) return undefined
    if (hasIds && sequencer?.position) return undefined
    const due = lost ?? (hasIds ? undefined : this.#unread(client))
    return due && gapData({ topic, ...due, until: this.#context.now() })
  }

  /** Why the history has messages that a client without ids has not got yet. */
  #unread(client: Client | undefined): { since?: number; reason: GapReason } | undefined {
    if (this.sequencer?.isRepairing) return this.repaired ?? UNREAD
    return client && this.#catchingUp.has(client) ? UNREAD : undefined
  }

  async ready(): Promise<void> {
    const members = []
    for (const group of this.groups) {
      group.flush()
      for (const member of group.members) members.push(member.drained())
    }
    await withTimeout(READY_MS, Promise.all(members))
  }

  /** Where the client stands, for one that joined and is up to date; undefined where nobody knows. */
  idOf(client: Client): string | undefined {
    const position = this.#catchingUp.has(client) ? undefined : this.sequencer?.position
    return position && encodeId(this.topic.name, position)
  }

  /** What the client gets from now on comes after what it got so far. */
  flush(client: Client): void {
    const group = client.group ?? this.#shared.get(client.format)
    group?.flush()
  }

  #gapData(reason: GapReason, since?: number, until = this.#context.now()): string {
    this.#context.counters.gap(reason)
    return gapData({ topic: this.topic, since, until, reason })
  }

  #sharedGroup(format: Format): FanoutGroup {
    let group = this.#shared.get(format)
    if (!group) {
      group = new FanoutGroup(format, this.#context.scheduler)
      this.#shared.set(format, group)
    }
    return group
  }

  /** The client has exactly what the others have: from here on it goes with them. */
  #joinOthers(client: Client): void {
    const catchUp = this.#catchingUp.get(client)
    if (!catchUp) return // it left with that very message
    this.#catchingUp.delete(client)
    catchUp.join(this.sequencer?.tip)
    catchUp.group.openGate(this.topic)
    if (client.group) return
    catchUp.group.leave(client.subscriber)
    this.join(client)
    this.groups.delete(catchUp.group) // not before, or the subscription might seem to be empty
  }
}

interface Lost {
  readonly since: number
  readonly reason: GapReason
}

const UNREAD = { reason: 'history_unavailable' } as const

/** How long clients that are slow to take what was repaired keep the others waiting for more. */
const READY_MS = 250
