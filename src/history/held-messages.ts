import type { Message } from '../messages/message.js'

export interface Held {
  readonly message: Message
  /** The number of the last read that had begun when the message came. */
  readonly read: number
}

/** The live messages that wait until the history before them has been read, oldest first. Bounded in bytes. */
export class HeldMessages {
  readonly #maxBytes: number
  #held: Held[] = []
  #bytes = 0
  #nativesLost = false

  constructor(maxBytes = MAX_HELD_BYTES) {
    this.#maxBytes = maxBytes
  }

  get oldest(): Held | undefined {
    return this.#held[0]
  }

  /** False where messages had to be dropped: a later read of the history returns those that it keeps. */
  add(message: Message, read: number): boolean {
    this.#held.push({ message, read })
    this.#bytes += weightOf(message)
    if (this.#bytes <= this.#maxBytes) return true
    this.keepNatives()
    if (this.#bytes > this.#maxBytes) {
      this.#held = []
      this.#bytes = 0
      this.#nativesLost = true
    }
    return false
  }

  dropOldest(): void {
    const held = this.#held.shift()
    if (held) this.#bytes -= weightOf(held.message)
  }

  /** Drops what the history has, too. Native messages have no position, so no read returns them. */
  keepNatives(): void {
    this.#held = this.#held.filter(({ message }) => !message.position)
    this.#bytes = this.#held.reduce((sum, { message }) => sum + weightOf(message), 0)
  }

  /** Removes and returns everything. */
  takeAll(): Message[] {
    const messages = this.#held.map(({ message }) => message)
    this.#held = []
    this.#bytes = 0
    return messages
  }

  /** Whether native messages were dropped since the last call. */
  takeLoss(): boolean {
    const wasLost = this.#nativesLost
    this.#nativesLost = false
    return wasLost
  }
}

const MAX_HELD_BYTES = 256 * 1024
/** About what a message takes in memory beside its data. */
const OVERHEAD = 200
const weightOf = ({ data }: Message): number => data.length + OVERHEAD
