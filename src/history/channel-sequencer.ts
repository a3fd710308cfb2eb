import type { Message } from '../messages/message.js'
import { markOf, type Position } from '../messages/position.js'
import type { GapReason } from '../protocol/gap.js'
import { CatchUp } from './catch-up.js'
import type { CatchUpLimiter } from './catch-up-limiter.js'
import { DeduplicationWindow, isCovered, isNext, SequenceTracker } from './sequence.js'

/** All clients of a channel here. */
export interface Audience {
  deliver(message: Message): void
  /** The message has come, and will be delivered later. */
  note(message: Message): void
  /** `since` and `until` as in a `Gap`. */
  gap(reason: GapReason, since?: number, until?: number): void
  /** Resolves when most of them have taken what they got. Bounded in time. */
  ready(): Promise<void>
}

/**
 * Follows a channel with a history for all its clients here: a message with a position is the next
 * one, or what lies before it is read from the history first.
 *
 *     live      6 7 9         8 was lost without notice
 *     clients   6 7 8 9       9 waits until 8 has been read
 *
 * What was read before its live copy came is not delivered again.
 */
export class ChannelSequencer {
  readonly #channel: string
  readonly #catchUps: CatchUpLimiter
  readonly #audience: Audience
  readonly #clients = new SequenceTracker()
  #repair: CatchUp | undefined
  /** What was read from the history and has not come live yet; what is too much for it is looked up once more when it comes. */
  #window: DeduplicationWindow | undefined
  #stopped = false

  constructor(channel: string, catchUps: CatchUpLimiter, audience: Audience) {
    this.#channel = channel
    this.#catchUps = catchUps
    this.#audience = audience
  }

  /** The clients have everything up to here; undefined while it is unknown. */
  get position(): Position | undefined {
    return this.#clients.position
  }

  /** What the clients get next follows this; undefined if a gap was reported there, or if it is unknown. */
  get tip(): Position | undefined {
    return this.#clients.tip
  }

  /** It is reading messages from the history that its clients have not got yet. */
  get isRepairing(): boolean {
    return this.#repair !== undefined
  }

  /** Where the history stood before the channel was subscribed; undefined where that cannot be known. */
  begin(newest: Position | undefined): void {
    // A message may have come by an earlier subscription, whose end is on its way: what follows it is heard, or missed.
    this.#clients.startAt(newest)
  }

  message(message: Message): void {
    const { position } = message
    if (this.#repair) {
      if (!position) this.#audience.note(message)
      this.#repair.take(message)
    } else if (!position) {
      this.#audience.deliver(message)
    } else if (!this.#clients.position || isNext(this.#clients.position, position)) {
      this.#clients.advance(position)
      this.#window = undefined // live messages come in order: no copy can still come
      this.#audience.deliver(message)
    } else if (!this.#isCopy(position)) {
      this.#start(this.#clients.position).take(message)
    }
  }

  /** The channel is live again after a loss, which may have begun then. False when it does not know where it stands. */
  recover(since: number): boolean {
    if (this.#repair) this.#repair.readOn()
    else if (this.#clients.position) this.#start(this.#clients.position, since)
    else return false
    return true
  }

  /**
   * Compares with where the history stood when the sequencer stood at `asked`. What was published
   * by then must have come meanwhile, or it is lost.
   */
  check(asked: Position | undefined, newest: Position | undefined): void {
    if (this.#repair || this.#stopped) return
    if (!this.#clients.position) this.begin(newest)
    if (!this.#clients.position || !asked) return
    if (newest) {
      const isBack = isCovered(asked, newest) && (newest.offset < asked.offset || newest.tag !== asked.tag)
      if (isBack || !isCovered(this.#clients.position, newest)) this.#start(this.#clients.position)
    } else if (this.#clients.position === asked) {
      this.#start(asked)
    }
  }

  /** Its last client has left. */
  stop(): void {
    this.#stopped = true
    this.#repair?.stop()
  }

  #isCopy(position: Position): boolean {
    return position.epoch === this.#clients.position?.epoch && this.#window?.has(position) === true
  }

  #start(from: Position, since?: number): CatchUp {
    const repair = new CatchUp({
      channel: this.#channel,
      catchUps: this.#catchUps,
      reader: {
        deliver: (message, source) => {
          const { position } = message
          if (position && !this.#clients.next(position)) this.#audience.gap('history_reset', since)
          this.#deliver(message, source)
        },
        gap: (reason, until) => {
          this.#clients.break()
          this.#audience.gap(reason, since, until)
        },
        ready: () => this.#audience.ready(),
        caughtUp: position => {
          if (!this.#clients.moveTo(position)) this.#audience.gap('history_reset', since)
          this.#repair = undefined
        },
      },
    })
    this.#repair = repair
    this.#window = undefined
    repair.run({ after: markOf(from) })
    return repair
  }

  #deliver(message: Message, source: 'history' | 'live'): void {
    const { position } = message
    if (position && source === 'history') {
      this.#window ??= new DeduplicationWindow()
      this.#window.add(position)
    }
    this.#audience.deliver(message)
  }
}
