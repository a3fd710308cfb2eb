import { encodeId, encodeMark } from '../messages/cursor.js'
import type { Message } from '../messages/message.js'
import type { Position } from '../messages/position.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import type { GapReason } from '../protocol/gap.js'
import { CatchUp } from './catch-up.js'
import type { CatchUpLimiter, PageQuery } from './catch-up-limiter.js'
import { DeduplicationWindow, isCovered, SequenceTracker } from './sequence.js'

/** The queue of the client that catches up. */
export interface CatchUpQueue {
  readonly format: Format
  readonly cursor: string | undefined
  place(topic: Topic, id: string): void
  pass(message: Message, topic: Topic): void
  push(frame: Buffer): void
  flush(): void
}

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
export class ClientCatchUp<Queue extends CatchUpQueue> {
  readonly group: Queue
  readonly #subscriber: { ready(): Promise<void> }
  readonly #topic: Topic
  readonly #from: PageQuery
  readonly #others: Others
  readonly #catchUp: CatchUp
  #reading = true
  /** What it read that the others have not got yet. */
  readonly #read = new DeduplicationWindow()
  readonly #client = new SequenceTracker()
  #told = false

  constructor(
    group: Queue,
    subscriber: { ready(): Promise<void> },
    topic: Topic,
    from: PageQuery,
    catchUps: CatchUpLimiter,
    others: Others,
  ) {
    this.group = group
    this.#from = from
    this.#subscriber = subscriber
    this.#topic = topic
    this.#others = others
    this.#catchUp = new CatchUp({ channel: topic.name, catchUps, reader: this })
  }

  /** To be called when the channel is live. */
  start(): void {
    this.#catchUp.run(this.#from)
  }

  /** The client keeps the place that it named, also when its stream ends before anything has come. */
  keepPlace(): void {
    const { after } = this.#from
    if (after) this.group.place(this.#topic, encodeMark(this.#topic.name, after))
  }

  stop(): void {
    this.#catchUp.stop()
  }

  take(message: Message): void {
    if (this.#reading) this.#catchUp.take(message)
    else this.#follow(message)
  }

  /** The channel was lost: when it is back, its history may have been set back. */
  readOn(): void {
    this.#catchUp.readOn()
  }

  /** What the others missed the client reads for itself, all but what is in no history. */
  concerns(reason: GapReason): boolean {
    if (this.#reading && reason !== 'replay_overflow') {
      this.#catchUp.readOn()
      return false
    }
    this.#client.break()
    return true
  }

  deliver(message: Message): void {
    const { position } = message
    if (position) {
      this.#next(position)
      const head = this.#others.head()
      if (!head || !isCovered(head, position)) this.#read.add(position)
    }
    this.#told ||= position !== undefined
    this.group.pass(message, this.#topic)
  }

  gap(reason: GapReason, until?: number): void {
    this.#client.break()
    this.#others.gap(reason, until)
  }

  /** From now on the client gets what the others get: what follows this, or after a gap that they were told. */
  join(position: Position | undefined): void {
    this.#moveTo(position)
  }

  ready(): Promise<void> {
    this.group.flush()
    return this.#subscriber.ready()
  }

  caughtUp(position: Position | undefined): void {
    this.#reading = false
    this.#moveTo(position)
    if (position && !this.#told) this.#tellPosition(position)
    const head = this.#others.head()
    if (!position || (head && isCovered(head, position))) this.#others.caughtUp()
  }

  #follow(message: Message): void {
    const { position } = message
    const isCopy =
      position && this.#client.position && isCovered(this.#client.position, position) && !this.#read.hasOther(position)
    if (isCopy) {
      if (position.offset === this.#client.position?.offset) this.#others.arrived()
      return
    }
    if (position) this.#next(position)
    this.group.pass(message, this.#topic)
    if (position) this.#others.arrived()
  }

  #next(position: Position): void {
    if (!this.#client.next(position)) this.#others.gap('history_reset')
  }

  #moveTo(position: Position | undefined): void {
    if (!this.#client.moveTo(position)) this.#others.gap('history_reset')
  }

  #tellPosition(position: Position): void {
    const { group } = this
    const id = encodeId(this.#topic.name, position)
    group.place(this.#topic, id)
    if (group.format.placed) group.push(group.format.placed(this.#topic, id))
    else if (group.format.position && group.cursor !== undefined) group.push(group.format.position(group.cursor))
  }
}
