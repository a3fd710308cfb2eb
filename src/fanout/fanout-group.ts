import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import type { GapReason } from '../protocol/gap.js'
import type { Delivered } from '../telemetry/counters.js'
import type { FlushScheduler } from './flush-scheduler.js'
import type { Subscriber } from './subscriber.js'

/** What is being written to the members. */
interface Round {
  readonly bytes: Buffer
  readonly messages: number
  /** Those that have not got it yet. */
  readonly members: IterableIterator<Subscriber>
}

/**
 * Subscribers that get the very same bytes: all clients of one topic in one format, or one client
 * alone. A message is encoded once for a group, the messages of a tick are joined once for a group,
 * and each member costs one write.
 *
 * Many members are written to in several ticks, so that they hold up neither other channels nor those
 * who publish. What comes meanwhile is joined, and leaves when all have got what came before.
 */
export class FanoutGroup {
  readonly format: Format
  readonly #members = new Set<Subscriber>()
  readonly #scheduler: FlushScheduler
  readonly #delivered: Delivered
  #frames: Buffer[] = []
  #frameBytes = 0
  /** How many of the frames are messages; others are control events. */
  #messages = 0
  #round: Round | undefined
  #isWriting = false
  /** What has left since the group was made: a member that joins and leaves takes the difference with it. */
  #sentMessages = 0
  #sentBytes = 0

  constructor(format: Format, scheduler: FlushScheduler) {
    this.format = format
    this.#scheduler = scheduler
    this.#delivered = scheduler.counters.delivered(format.transport)
  }

  get size(): number {
    return this.#members.size
  }

  has(subscriber: Subscriber): boolean {
    return this.#members.has(subscriber)
  }

  /** For each member, a promise that resolves when it takes more without holding it in memory. */
  drained(): Promise<void>[] {
    return Array.from(this.#members, member => member.drained())
  }

  /** Takes a message that came on one of the group's topics. */
  deliver(message: Message, topic: Topic): void {
    this.#messages++
    this.push(this.format.encode(message, topic))
  }

  /** A message on one of the group's topics has come and is held back; `deliver` follows. */
  note(_message: Message, _topic: Topic): void {}

  /** False for a message that had come before the group was there. */
  knows(_message: Message): boolean {
    return true
  }

  /** Says that on the topic something may have been missed. */
  tell(_reason: GapReason, topic: Topic, data: string): void {
    this.push(this.format.control('gap', topic, data))
  }

  push(frame: Buffer): void {
    this.#frames.push(frame)
    this.#frameBytes += frame.length
    this.#scheduler.add(this)
  }

  /** A newcomer must not get what was published before it came: that leaves first. */
  join(subscriber: Subscriber): void {
    this.flush()
    if (this.#members.has(subscriber)) return
    this.#members.add(subscriber)
    subscriber.countFrom(this.#sentMessages, this.#sentBytes)
  }

  leave(subscriber: Subscriber): void {
    // One that was cut by the write that is going on does not get it; any other gets what came before, and is counted.
    if (!this.#isWriting && (this.#round || !subscriber.closed)) this.flush()
    if (!this.#members.delete(subscriber)) return
    subscriber.countUpTo(this.#sentMessages, this.#sentBytes)
  }

  /** What comes next on the group's topics does not follow what came before. */
  forget(): void {}

  /** The topic will not come back. `gap` is the data of the one that is due. */
  refuse(topic: Topic, gap?: string): void {
    if (gap !== undefined) this.push(this.format.control('gap', topic, gap))
    this.flush()
    for (const member of [...this.#members]) member.close('channel_refused')
  }

  /** The end of a tick. */
  advance(): void {
    // Who publishes faster than the members are written to has to wait for them.
    const isBehind = this.#frameBytes > MAX_FRAME_BYTES
    const share = Math.max(LEAST_WRITES_A_TICK, Math.ceil(this.#members.size / MOST_TICKS))
    this.#write(isBehind ? Number.POSITIVE_INFINITY : share)
    if (this.#round || this.#frames.length > 0) this.#scheduler.add(this)
  }

  /** All members get all that has come, at once. */
  flush(): void {
    if (this.#round) this.#write(Number.POSITIVE_INFINITY)
    this.#write(Number.POSITIVE_INFINITY)
  }

  #write(most: number): void {
    this.#round ??= this.#nextRound()
    if (!this.#round) return
    const { bytes, messages, members } = this.#round
    let left = most
    let written = 0
    this.#isWriting = true
    for (const member of members) {
      if (member.closed) {
        // It is about to leave, and will count what all others have got.
        member.countFrom(messages, bytes.length)
      } else {
        member.write(bytes)
        if (!member.closed) written++
      }
      if (--left === 0) break
    }
    this.#isWriting = false
    this.#delivered.messages += messages * written
    this.#delivered.bytes += bytes.length * written
    if (left === 0) return
    this.#round = undefined
    // Counted once for all members. Those that this write has cut are members no more.
    this.#sentMessages += messages
    this.#sentBytes += bytes.length
  }

  #nextRound(): Round | undefined {
    if (this.#frames.length === 0) return undefined
    const round = { bytes: this.format.pack(this.#frames), messages: this.#messages, members: this.#members.values() }
    this.#frames = []
    this.#frameBytes = 0
    this.#messages = 0
    return round
  }
}

/** Enough that the ticks themselves cost little beside. */
const LEAST_WRITES_A_TICK = 32
/** The maximum number of ticks, no matter how long other work makes a tick. */
const MOST_TICKS = 32
const MAX_FRAME_BYTES = 1024 * 1024
