import type { Format } from './frames.js'
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

  constructor(format: Format, outbox: Outbox) {
    this.format = format
    this.#outbox = outbox
  }

  /** Takes a message that came on one of the lane's topics. */
  deliver(message: Message, _topic: Topic): void {
    this.push(this.format.encode(message))
  }

  push(frame: Buffer): void {
    if (this.#frames.push(frame) === 1) this.#outbox.add(this)
  }

  /** A newcomer must not get what was published before it came: that leaves first. */
  join(subscriber: Subscriber): void {
    this.flush()
    this.members.add(subscriber)
  }

  leave(subscriber: Subscriber): void {
    this.flush()
    this.members.delete(subscriber)
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
    this.#frames = []
    for (const member of this.members) member.write(bytes)
  }
}
