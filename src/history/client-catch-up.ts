import { encodeId, encodeMark } from '../messages/cursor.js'
import type { Message } from '../messages/message.js'
import type { Position } from '../messages/position.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import type { GapReason } from '../protocol/gap.js'
import { CatchUp, type Reader } from './catch-up.js'
import type { CatchUpLimiter, PageQuery } from './catch-up-limiter.js'
import { DeduplicationWindow, isCovered, SequenceTracker } from './sequence.js'

/** Stands before a topic in a client's queue and takes its live messages, until the client is up to date. */
export interface Gate {
  take(message: Message): void
  /** Whether a gap of the topic concerns the client, too. */
  concerns(reason: GapReason): boolean
}

/** The queue of the client that catches up. */
export interface CatchUpQueue {
  readonly format: Format
  readonly cursor: string | undefined
  follow(topic: Topic, gate: Gate): void
  openGate(topic: Topic): void
  place(topic: Topic, id: string): void
  pass(message: Message, topic: Topic): void
  push(frame: Buffer): void
  flush(): void
}

/** The other clients of the channel, which the client is to join. */
export interface Others {
  /** They have everything up to here. */
  head(): Position | undefined
  /** What they get next follows this. Undefined after a gap, or where the place is unknown. */
  tip(): Position | undefined
  /** Announces a gap to the client, counted as all gaps are. */
  gap(reason: GapReason, until?: number): void
  /** The client has what they have, and can join. */
  caughtUp(): void
  /** The client can join as soon as all of them have the message that is being delivered. */
  arrived(): void
}

export interface ClientCatchUpOptions<Queue> {
  readonly topic: Topic
  /** The start position, see `startPositionsOf`. */
  readonly from: PageQuery
  readonly queue: Queue
  readonly subscriber: { ready(): Promise<void> }
  readonly catchUps: CatchUpLimiter
  readonly others: Others
}

/**
 * What happens on one channel between a client's reconnect and its first live message. Read it from top to bottom:
 *
 *     1  startPositionsOf (start-position.ts)   its `Last-Event-ID`, `since` or `last` becomes a start position
 *     2  constructor                    its queue holds back the channel, and keeps the place it named
 *     3  start, take                    the channel is live: the history is read, live messages are held
 *     4  #caughtUp                      all is read, and what was held is delivered
 *     5  #followAlone                   the client is ahead of the others: live messages pass, except copies
 *     6  join                           it has what the others have: from here on it shares their bytes
 *
 * Step 5 is skipped where the others have everything that the client has.
 */
export class ClientCatchUp<Queue extends CatchUpQueue> implements Gate {
  readonly queue: Queue
  readonly #topic: Topic
  readonly #from: PageQuery
  readonly #subscriber: { ready(): Promise<void> }
  readonly #others: Others
  readonly #catchUp: CatchUp
  readonly #client = new SequenceTracker()
  /** What it has read that the others do not have yet. */
  readonly #read = new DeduplicationWindow()
  #isReading = true
  #hasPosition = false

  constructor({ topic, from, queue, subscriber, catchUps, others }: ClientCatchUpOptions<Queue>) {
    this.queue = queue
    this.#topic = topic
    this.#from = from
    this.#subscriber = subscriber
    this.#others = others
    this.#catchUp = new CatchUp({ channel: topic.name, catchUps, reader: this.#reader() })
    queue.follow(topic, this)
    // The client keeps this place also when its stream ends before any message has come.
    if (from.after) queue.place(topic, encodeMark(topic.name, from.after))
  }

  /** Call it when the channel is live: what is published from now on comes live, too, so nothing falls in between. */
  start(): void {
    this.#catchUp.run(this.#from)
  }

  /** A live message of the channel. */
  take(message: Message): void {
    if (this.#isReading) this.#catchUp.take(message)
    else this.#followAlone(message)
  }

  /** What the catch-up reads goes to this client alone. */
  #reader(): Reader {
    return {
      ready: () => {
        this.queue.flush()
        return this.#subscriber.ready()
      },
      deliver: message => this.#deliver(message),
      gap: (reason, until) => {
        this.#client.break()
        this.#others.gap(reason, until)
      },
      caughtUp: position => this.#caughtUp(position),
    }
  }

  /** A message that was read, or that was held and is due. */
  #deliver(message: Message): void {
    const { position } = message
    if (position) {
      this.#moveOn(position)
      const head = this.#others.head()
      if (!head || !isCovered(head, position)) this.#read.add(position)
      this.#hasPosition = true
    }
    this.queue.pass(message, this.#topic)
  }

  #caughtUp(position: Position | undefined): void {
    this.#isReading = false
    this.#moveTo(position)
    if (position && !this.#hasPosition) this.#sendPosition(position)
    const head = this.#others.head()
    if (!position || (head && isCovered(head, position))) this.#others.caughtUp()
  }

  /** A live message that the client may have read already, while the others do not have it yet. */
  #followAlone(message: Message): void {
    const { position } = message
    const known = this.#client.position
    const isCopy = position && known && isCovered(known, position) && !this.#read.hasOther(position)
    if (isCopy) {
      if (position.offset === known.offset) this.#others.arrived()
      return
    }
    if (position) this.#moveOn(position)
    this.queue.pass(message, this.#topic)
    if (position) this.#others.arrived()
  }

  /** From now on the client gets what the others get: what follows their tip, or what comes after their gap. */
  join(): void {
    this.#moveTo(this.#others.tip())
    this.queue.openGate(this.#topic)
  }

  /* What may happen on the way. */

  /** The channel was lost: when it is back, its history may have been set back. */
  readOn(): void {
    this.#catchUp.readOn()
  }

  /** The client reads for itself what the others missed, except for messages that are in no history. */
  concerns(reason: GapReason): boolean {
    if (this.#isReading && reason !== 'replay_overflow') {
      this.#catchUp.readOn()
      return false
    }
    this.#client.break()
    return true
  }

  /** The client has left. */
  stop(): void {
    this.#catchUp.stop()
  }

  #moveOn(position: Position): void {
    if (!this.#client.next(position)) this.#others.gap('history_reset')
  }

  #moveTo(position: Position | undefined): void {
    if (!this.#client.moveTo(position)) this.#others.gap('history_reset')
  }

  /** Without a message, the client would not know from where to go on. */
  #sendPosition(position: Position): void {
    const { queue } = this
    const id = encodeId(this.#topic.name, position)
    queue.place(this.#topic, id)
    if (queue.format.placed) queue.push(queue.format.placed(this.#topic, id))
    else if (queue.format.position && queue.cursor !== undefined) queue.push(queue.format.position(queue.cursor))
  }
}
