import { setTimeout as setTimeoutPromise } from 'node:timers/promises'
import { SubscribeRefused } from './broker.js'
import { CLOSE_REASONS, type CloseReason } from './close-reasons.js'
import type { Config } from './config.js'
import { Counters } from './counters.js'
import type { Format } from './frames.js'
import { Heartbeats } from './heartbeats.js'
import type { Client, Hub } from './hub.js'
import { PrivateLane } from './private-lane.js'
import { Problem } from './problems.js'
import { type Sink, Subscriber } from './subscriber.js'
import { describeTopic, type Topic, topicKey } from './topic.js'

export interface StreamOptions {
  sink: Sink
  format: Format
  /** Ends after so many messages. */
  limit?: number | undefined
  /** Ends after so many seconds. */
  timeout?: number | undefined
  /** Its topics are several, or come and go. */
  multiplexed?: boolean
  onClose?: (reason: CloseReason) => void
}

export type StreamSettings = Pick<
  Config,
  | 'MAX_BUFFERED_BYTES'
  | 'HEARTBEAT_SECONDS'
  | 'OPEN_TIMEOUT_MS'
  | 'MAX_SUBSCRIPTIONS'
  | 'MAX_STREAM_AGE_SECONDS'
  | 'RETRY_MS'
>

/** One client's stream: its topics, and how it ends. */
export class Stream implements Client {
  readonly subscriber: Subscriber
  readonly format: Format
  declare readonly lane?: PrivateLane
  readonly #hub: Hub
  readonly #settings: StreamSettings
  readonly #topics = new Map<string, Topic>()

  constructor(
    hub: Hub,
    settings: StreamSettings,
    { sink, format, limit, timeout, multiplexed = false, onClose }: StreamOptions,
  ) {
    this.#hub = hub
    this.#settings = settings
    this.format = format
    if (multiplexed || limit !== undefined) {
      const onLimit = () => this.close('limit_reached')
      this.lane = new PrivateLane(format, hub.outbox, { limit, onLimit, onRefused: topic => this.#refused(topic) })
    }
    const timer = timeout === undefined ? undefined : setTimeout(() => this.close('timeout'), timeout * 1000)
    this.subscriber = new Subscriber({
      sink,
      maxBufferedBytes: settings.MAX_BUFFERED_BYTES,
      onClose: reason => {
        clearTimeout(timer)
        for (const topic of this.#topics.values()) this.#hub.unsubscribe(this, topic)
        this.#topics.clear()
        onClose?.(reason)
      },
    })
  }

  get size(): number {
    return this.#topics.size
  }

  has(topic: Topic): boolean {
    return this.#topics.has(topicKey(topic))
  }

  /**
   * Resolves when every topic is live, however long that takes.
   * @throws Problem `channel-refused`, `too-many-subscriptions`, `patterns-unavailable`
   */
  async subscribe(topics: readonly Topic[]): Promise<void> {
    if (this.subscriber.closed) return
    if (!this.#hub.hasPatterns && topics.some(({ kind }) => kind === 'pattern'))
      throw new Problem('patterns-unavailable')
    const added = [...new Map(topics.map(topic => [topicKey(topic), topic])).values()].filter(topic => !this.has(topic))
    if (this.size + added.length > this.#settings.MAX_SUBSCRIPTIONS) throw new Problem('too-many-subscriptions')
    for (const topic of added) this.#topics.set(topicKey(topic), topic)
    try {
      await Promise.all(added.map(topic => this.#hub.subscribe(this, topic)))
    } catch (error) {
      for (const topic of added) this.unsubscribe(topic)
      if (error instanceof SubscribeRefused) throw new Problem('channel-refused', undefined, {}, { cause: error })
      throw error
    }
  }

  /**
   * Resolves when every topic is live, or after a bounded time: then each topic that is still
   * missing gets a `gap` when it comes, and the stream can open meanwhile.
   */
  async subscribeOrExpectGap(topics: readonly Topic[]): Promise<{ live: boolean }> {
    const live = this.subscribe(topics).then(() => ({ live: true }))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<{ live: boolean }>(resolve => {
      timer = setTimeout(() => resolve({ live: false }), this.#settings.OPEN_TIMEOUT_MS)
    })
    const outcome = await Promise.race([live, late]).finally(() => clearTimeout(timer))
    if (!outcome.live) {
      for (const topic of topics) this.#hub.expectGap(topic)
      live.catch(() => this.close('channel_refused'))
    }
    return outcome
  }

  unsubscribe(topic: Topic): void {
    if (this.#topics.delete(topicKey(topic))) this.#hub.unsubscribe(this, topic)
  }

  /** An `error` event, for what goes wrong on a stream that is already open. */
  sendError(topic: Topic, problem: Problem): void {
    const data = JSON.stringify({ ...describeTopic(topic), ...problem.toJSON() })
    this.send(this.format.control('error', topic, data))
  }

  /** One topic among several is lost for good: the stream says so and goes on with the others. */
  #refused(topic: Topic): void {
    if (this.size === 1) {
      this.close('channel_refused')
    } else {
      this.sendError(topic, new Problem('channel-refused'))
      this.unsubscribe(topic)
    }
  }

  open(): void {
    this.subscriber.open(this.#retry())
  }

  close(reason: CloseReason): void {
    if (CLOSE_REASONS[reason].again) for (const bytes of this.#retry()) this.subscriber.write(bytes)
    this.subscriber.close(reason)
  }

  /** When an `EventSource` shall come back; jittered, so that they do not all come at once. */
  #retry(): Buffer[] {
    const { retry, pack } = this.format
    return retry ? [pack([retry(Math.round(this.#settings.RETRY_MS * (0.5 + Math.random())))])] : []
  }

  /** For this client alone. */
  send(frame: Buffer): void {
    this.subscriber.write(this.format.pack([frame]))
  }
}

/** All streams of this gateway: who is open, who is due a heartbeat, and the end of them all. */
export class Streams {
  readonly #hub: Hub
  readonly #settings: StreamSettings
  readonly #counters: Counters
  readonly #heartbeats: Heartbeats<Stream>
  readonly #streams = new Set<Stream>()
  readonly #ageTimers = new Map<Stream, NodeJS.Timeout>()
  #draining = false
  #closed = false

  constructor(hub: Hub, settings: StreamSettings, counters = new Counters()) {
    this.#hub = hub
    this.#settings = settings
    this.#counters = counters
    this.#heartbeats = new Heartbeats(settings.HEARTBEAT_SECONDS, stream =>
      stream.subscriber.beat(stream.format.heartbeat),
    )
  }

  get size(): number {
    return this.#streams.size
  }

  /** The gateway is about to stop: it still serves, and wants nobody new. */
  get draining(): boolean {
    return this.#draining
  }

  create(options: StreamOptions): Stream {
    const stream: Stream = new Stream(this.#hub, this.#settings, {
      ...options,
      onClose: reason => {
        this.#counters.close(reason)
        this.#heartbeats.remove(stream)
        this.#streams.delete(stream)
        clearTimeout(this.#ageTimers.get(stream))
        this.#ageTimers.delete(stream)
        options.onClose?.(reason)
      },
    })
    this.#streams.add(stream)
    return stream
  }

  /** The stream's head is out: what was held for it follows, and from now on it is kept alive. */
  open(stream: Stream): void {
    stream.open()
    if (stream.subscriber.closed) return
    this.#heartbeats.add(stream)
    const age = this.#settings.MAX_STREAM_AGE_SECONDS
    if (this.#closed) stream.close('draining')
    else if (age > 0)
      this.#ageTimers.set(
        stream,
        setTimeout(() => stream.close('max_age'), age * jitter() * 1000),
      )
  }

  /** Says through `draining` that the gateway is about to stop. */
  startDraining(): void {
    this.#draining = true
  }

  /**
   * Ends all streams one after the other, spread over at most so many seconds, so that their
   * clients do not all knock at the other gateways at once. Those that open meanwhile come last.
   */
  async drain(seconds: number): Promise<void> {
    this.#draining = true
    const step = Math.min(DRAIN_STEP_MS, (seconds * 1000) / Math.max(1, this.#streams.size))
    const started = performance.now()
    let closed = 0
    for (const stream of this.#streams) {
      stream.close('draining')
      const ahead = ++closed * step - (performance.now() - started)
      if (ahead > TIMER_GRAIN_MS) await setTimeoutPromise(ahead)
      if (performance.now() - started > seconds * 1000) break
    }
    this.close()
  }

  /** Ends every stream now; those that open from now on end at once. */
  close(): void {
    this.#draining = true
    this.#closed = true
    this.#heartbeats.close()
    for (const stream of [...this.#streams]) stream.close('draining')
  }
}

/** Between two streams that are ended: as long as there are few, all of them are ended quickly. */
const DRAIN_STEP_MS = 5
/** Shorter sleeps are not worth a timer. */
const TIMER_GRAIN_MS = 20

/** Down to four fifths, so that streams that opened together do not end together. */
const jitter = (): number => 0.8 + 0.2 * Math.random()
