import { encodeId, encodeMark } from './cursor.js'
import type { GapReason } from './gap.js'
import type { Position } from './history.js'
import type { Message } from './message.js'
import { isCovered } from './positions.js'
import type { Gate, PrivateLane } from './private-lane.js'
import { Replay } from './replay.js'
import type { PageQuery, Replays } from './replays.js'
import type { Subscriber } from './subscriber.js'
import type { Topic } from './topic.js'

/** The other clients of the channel, whom it is to join. */
export interface Others {
  /** Up to where they have everything. */
  head(): Position | undefined
  gap(reason: GapReason, until?: number): void
  /** The client has what they have. */
  caughtUp(): void
  /** It will, when the message that is being delivered is with all of them. */
  arrived(): void
}

/**
 * One client on its way from its place in a channel's history to where the others are.
 *
 *     reading ──all is read, what was held is out──▶ ahead of the others, or not
 *     ahead   ──the others get what it has──────────▶ joined
 */
export class Resumption implements Gate {
  readonly lane: PrivateLane
  readonly #subscriber: Subscriber
  readonly #topic: Topic
  readonly #from: PageQuery
  readonly #others: Others
  readonly #replay: Replay
  #reading = true
  /** While it is ahead: up to where it has everything. */
  #position: Position | undefined
  #told = false

  constructor(
    lane: PrivateLane,
    subscriber: Subscriber,
    topic: Topic,
    from: PageQuery,
    replays: Replays,
    others: Others,
  ) {
    this.lane = lane
    this.#from = from
    this.#subscriber = subscriber
    this.#topic = topic
    this.#others = others
    this.#replay = new Replay({ channel: topic.name, replays, reader: this })
  }

  /** To be called when the channel is live. */
  start(): void {
    this.#replay.run(this.#from)
  }

  /** The client keeps the place that it named, also when its stream ends before anything has come. */
  keepPlace(): void {
    const { after } = this.#from
    if (after) this.lane.place(this.#topic, encodeMark(this.#topic.name, after))
  }

  stop(): void {
    this.#replay.stop()
  }

  take(message: Message): void {
    if (this.#reading) this.#replay.take(message)
    else this.#follow(message)
  }

  /** What the others missed the client reads for itself, all but what is in no history. */
  concerns(reason: GapReason): boolean {
    if (!this.#reading || reason === 'replay_overflow') return true
    this.#replay.readOn()
    return false
  }

  deliver(message: Message): void {
    this.#told ||= message.position !== undefined
    this.lane.pass(message, this.#topic)
  }

  gap(reason: GapReason, until?: number): void {
    this.#others.gap(reason, until)
  }

  ready(): Promise<void> {
    this.lane.flush()
    return this.#subscriber.ready()
  }

  caughtUp(position: Position | undefined): void {
    this.#reading = false
    this.#position = position
    if (position && !this.#told) this.#tellPosition(position)
    const head = this.#others.head()
    if (!position || position.offset === 0 || (head && isCovered(head, position))) this.#others.caughtUp()
  }

  #follow(message: Message): void {
    const { position } = message
    if (position && this.#position && isCovered(this.#position, position)) {
      if (position.offset === this.#position.offset) this.#others.arrived()
      return
    }
    this.lane.pass(message, this.#topic)
    if (position) this.#others.arrived()
  }

  #tellPosition(position: Position): void {
    const { lane } = this
    lane.place(this.#topic, encodeId(this.#topic.name, position))
    if (lane.format.position && lane.cursor !== undefined) lane.push(lane.format.position(lane.cursor))
  }
}
