import type { CatchUpLimiter, PageQuery } from '../history/catch-up-limiter.js'
import type { Audience, ChannelSequencer } from '../history/channel-sequencer.js'
import { ClientCatchUp } from '../history/client-catch-up.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import { type GapReason, gapData } from '../protocol/gap.js'
import { withTimeout } from '../support/with-timeout.js'
import type { Counters } from '../telemetry/counters.js'
import type { Client } from './client.js'
import { ClientQueue } from './client-queue.js'
import { FanoutGroup } from './fanout-group.js'
import type { FlushScheduler } from './flush-scheduler.js'

export interface AudienceContext {
  readonly scheduler: FlushScheduler
  readonly counters: Counters
  readonly now: () => number
}

/** All clients of a topic here, in groups: one for each format, and one for each client that differs from the others. */
export class TopicAudience implements Audience {
  readonly #topic: Topic
  readonly #context: AudienceContext
  readonly #groups = new Set<FanoutGroup>()
  readonly #shared = new Map<Format, FanoutGroup>()
  /** Clients that are catching up, each in its own group until then. */
  readonly #catchingUp = new Map<Client, ClientCatchUp<ClientQueue>>()
  /** Those that have caught up with the message that is being delivered. */
  #arrived: Client[] = []
  /** Messages that came and are held back until those before them have been read. */
  #held: WeakSet<Message> | undefined

  constructor(topic: Topic, context: AudienceContext) {
    this.#topic = topic
    this.#context = context
  }

  get groups(): ReadonlySet<FanoutGroup> {
    return this.#groups
  }

  join(client: Client): void {
    this.flush(client) // its last member may be cut by that, and the group be gone
    const group = client.group ?? this.#sharedGroup(client.format)
    group.join(client.subscriber)
    this.#groups.add(group)
  }

  /** The client joins the others when it has caught up from its place in the history. */
  joinFrom(
    client: Client,
    from: PageQuery,
    sequencer: ChannelSequencer,
    catchUps: CatchUpLimiter,
  ): ClientCatchUp<ClientQueue> {
    const topic = this.#topic
    const { subscriber, format } = client
    const queue = client.group ?? new ClientQueue(format, this.#context.scheduler)
    const catchUp = new ClientCatchUp({
      topic,
      from,
      queue,
      subscriber,
      catchUps,
      others: {
        head: () => sequencer.position,
        tip: () => sequencer.tip,
        gap: (reason, until) => queue.push(format.control('gap', topic, this.#gapData(reason, undefined, until))),
        caughtUp: () => this.#joinOthers(client),
        arrived: () => this.#arrived.push(client),
      },
    })
    this.#catchingUp.set(client, catchUp)
    queue.join(subscriber)
    this.#groups.add(queue)
    return catchUp
  }

  isCatchingUp(client: Client): boolean {
    return this.#catchingUp.has(client)
  }

  leave(client: Client): void {
    const catchUp = this.#catchingUp.get(client)
    catchUp?.stop()
    this.#catchingUp.delete(client)
    if (client.group) {
      client.group.forget()
      client.group.leaveTopic(this.#topic)
      this.#groups.delete(client.group)
      return
    }
    const group = catchUp?.queue ?? this.#shared.get(client.format)
    if (!group) return
    group.leave(client.subscriber)
    if (group.size > 0) return
    this.#groups.delete(group)
    if (!catchUp) this.#shared.delete(client.format)
  }

  deliver(message: Message): void {
    const wasHeld = this.#held?.has(message) === true
    for (const group of this.#groups) if (!wasHeld || group.knows(message)) group.deliver(message, this.#topic)
    if (this.#arrived.length > 0) for (const client of this.#arrived.splice(0)) this.#joinOthers(client)
  }

  note(message: Message): void {
    this.#held ??= new WeakSet()
    this.#held.add(message)
    for (const group of this.#groups) group.note(message, this.#topic)
  }

  gap(reason: GapReason, since?: number, until?: number): void {
    const data = this.#gapData(reason, since, until)
    for (const group of this.#groups) group.tell(reason, this.#topic, data)
  }

  /** The next message does not follow the last one. */
  interrupt(): void {
    for (const group of this.#groups) group.forget()
    for (const catchUp of this.#catchingUp.values()) catchUp.readOn()
  }

  /** The topic will not come back. `gapDue` is the data of the gap that clients of a format must get before. */
  refuse(gapDue: (format: Format) => string | undefined): void {
    for (const group of [...this.#groups]) group.refuse(this.#topic, gapDue(group.format))
  }

  async ready(): Promise<void> {
    const drained: Promise<void>[] = []
    for (const group of this.#groups) {
      group.flush()
      drained.push(...group.drained())
    }
    await withTimeout(READY_MS, Promise.all(drained))
  }

  /** What the client gets from now on comes after what it got so far. */
  flush(client: Client): void {
    const group = client.group ?? this.#shared.get(client.format)
    group?.flush()
  }

  #gapData(reason: GapReason, since?: number, until = this.#context.now()): string {
    this.#context.counters.gap(reason)
    return gapData({ topic: this.#topic, since, until, reason })
  }

  #sharedGroup(format: Format): FanoutGroup {
    let group = this.#shared.get(format)
    if (!group) {
      group = new FanoutGroup(format, this.#context.scheduler)
      this.#shared.set(format, group)
    }
    return group
  }

  /** The client has exactly what the others have: from here on it shares their group. */
  #joinOthers(client: Client): void {
    const catchUp = this.#catchingUp.get(client)
    if (!catchUp) return // it left with that very message
    this.#catchingUp.delete(client)
    catchUp.join()
    if (client.group) return
    catchUp.queue.leave(client.subscriber)
    this.join(client)
    this.#groups.delete(catchUp.queue) // not before, or the topic might seem to have no clients
  }
}

/** How long clients that take repaired messages slowly may keep the others waiting for more. */
const READY_MS = 250
