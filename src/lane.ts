import type { Format } from './frames.js'
import type { GapReason } from './gap.js'
import type { Message } from './message.js'
import type { Outbox } from './outbox.js'
import type { Subscriber } from './subscriber.js'
import type { Topic } from './topic.js'

/**
 * Subscribers that get the very same bytes: all clients of one topic in one format, or one client
 * alone. A message is encoded once for a lane, the messages of a tick are joined once for a lane,
 * and each member costs one write a tick.
 */
export class Lane {
  readonly format: Format
  readonly members = new Set<Subscriber>()
  readonly #outbox: Outbox
  #frames: Buffer[] = []
  /** How many of the frames are messages; others are control events. */
  #messages = 0
  /** What has left since the lane was made: a member that joins and leaves takes the difference with it. */
  #sentMessages = 0
  #sentBytes = 0

  constructor(format: Format, outbox: Outbox) {
    this.format = format
    this.#outbox = outbox
  }

  /** Takes a message that came on one of the lane's topics. */
  deliver(message: Message, topic: Topic): void {
    this.#messages++
    this.push(this.format.encode(message, topic))
  }

  /** A message on one of the lane's topics has come and is held back; `deliver` follows. */
  note(_message: Message, _topic: Topic): void {}

  /** False for a message that had come before the lane was there. */
  knows(_message: Message): boolean {
    return true
  }

  /** Says that on the topic something may have been missed. */
  tell(_reason: GapReason, topic: Topic, data: string): void {
    this.push(this.format.control('gap', topic, data))
  }

  push(frame: Buffer): void {
    if (this.#frames.push(frame) === 1) this.#outbox.add(this)
  }

  /** A newcomer must not get what was published before it came: that leaves first. */
  join(subscriber: Subscriber): void {
    this.flush()
    if (this.members.has(subscriber)) return
    this.members.add(subscriber)
    subscriber.messages -= this.#sentMessages
    subscriber.bytes -= this.#sentBytes
  }

  leave(subscriber: Subscriber): void {
    if (!subscriber.closed) this.flush()
    if (!this.members.delete(subscriber)) return
    subscriber.messages += this.#sentMessages
    subscriber.bytes += this.#sentBytes
  }

  /** What comes next on the lane's topics does not follow what came before. */
  forget(): void {}

  /** The topic will not come back. */
  refuse(_topic: Topic): void {
    for (const member of [...this.members]) member.close('channel_refused')
  }

  flush(): void {
    if (this.#frames.length === 0) return
    const bytes = this.format.pack(this.#frames)
    const messages = this.#messages
    this.#frames = []
    this.#messages = 0
    for (const member of this.members) member.write(bytes)
    // Counted once for all members; who was cut by this write is none any more.
    this.#sentMessages += messages
    this.#sentBytes += bytes.length
    const delivered = this.#outbox.counters.delivered[this.format.transport]
    delivered.messages += messages * this.members.size
    delivered.bytes += bytes.length * this.members.size
  }
}
