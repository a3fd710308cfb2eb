import type { History } from '../brokers/history.js'
import type { Topic } from '../messages/topic.js'
import { CatchUpLimiter } from './catch-up-limiter.js'
import { type Audience, ChannelSequencer } from './channel-sequencer.js'
import { HeadLoader } from './head-loader.js'

export interface HistoriesOptions {
  /** How many clients catch up at a time. */
  readonly maxCatchUps?: number | undefined
  /** How long to wait, in milliseconds, before a failed read of a history is tried again. */
  readonly retryMs?: number | undefined
}

/** All channels of a gateway that have a history, and the bounded work of reading them. */
export class Histories {
  /** The catch-ups of single clients. */
  readonly catchUps: CatchUpLimiter
  /** The repairs of channels after a loss. They have a limit of their own, so they need not wait behind clients. */
  readonly #repairs: CatchUpLimiter
  readonly #history: History
  readonly #headLoader: HeadLoader

  constructor(
    history: History,
    { maxCatchUps = DEFAULT_MAX_CATCH_UPS, retryMs = DEFAULT_RETRY_MS }: HistoriesOptions = {},
  ) {
    this.#history = history
    this.#headLoader = new HeadLoader(history, retryMs)
    this.catchUps = new CatchUpLimiter(history, maxCatchUps, retryMs)
    this.#repairs = new CatchUpLimiter(history, MAX_REPAIRS, retryMs)
  }

  has({ kind, name }: Topic): boolean {
    return kind === 'channel' && this.#history.ruleOf(name) !== undefined
  }

  /** Undefined for a topic without a history. */
  sequencerOf(topic: Topic, audience: Audience): ChannelSequencer | undefined {
    return this.has(topic) ? new ChannelSequencer(topic.name, this.#repairs, audience) : undefined
  }

  /** As `HeadLoader.find`. */
  findHead(channel: string, isWanted: () => boolean): ReturnType<HeadLoader['find']> {
    return this.#headLoader.find(channel, isWanted)
  }
}

const DEFAULT_RETRY_MS = 200
const DEFAULT_MAX_CATCH_UPS = 100
const MAX_REPAIRS = 16
