import { setTimeout as pause } from 'node:timers/promises'
import { type Caller, endOf, OPEN } from '../access/caller.js'
import type { Hub } from '../fanout/hub.js'
import { type Limits, refusalProblem, type StreamRefusal } from '../limits/limits.js'
import type { Topic } from '../messages/topic.js'
import { AccessLog } from '../telemetry/access-log.js'
import { Counters } from '../telemetry/counters.js'
import { Heartbeats } from './heartbeats.js'
import { Stream } from './stream.js'
import type { StreamOptions, StreamSettings } from './stream-options.js'

export interface StreamsOptions {
  readonly counters?: Counters
  readonly limits?: Limits
  readonly accessLog?: AccessLog
}

export interface OwnedStreamOptions extends StreamOptions {
  /** On whose account it counts, where streams are limited. */
  owner?: string
}

/** All streams of this gateway: opens them, sends their heartbeats and ends them all. */
export class Streams {
  readonly #hub: Hub
  readonly #settings: StreamSettings
  readonly #counters: Counters
  readonly #limits: Limits | undefined
  readonly #accessLog: AccessLog
  readonly #heartbeats: Heartbeats<Stream>
  readonly #streams = new Set<Stream>()
  /** Of those streams whose right to be here can end. */
  readonly #callers = new Map<Stream, Caller>()
  readonly #guard: NodeJS.Timeout
  readonly #ageTimers = new Map<Stream, NodeJS.Timeout>()
  readonly #sizes = new Map<string, number>()
  #draining = false
  #closed = false

  constructor(
    hub: Hub,
    settings: StreamSettings,
    { counters = new Counters(), limits, accessLog = new AccessLog() }: StreamsOptions = {},
  ) {
    this.#hub = hub
    this.#settings = settings
    this.#counters = counters
    this.#limits = limits
    this.#accessLog = accessLog
    this.#heartbeats = new Heartbeats(settings.HEARTBEAT_SECONDS, stream =>
      stream.subscriber.beat(stream.format.heartbeat),
    )
    this.#guard = setInterval(() => this.#endOver(), GUARD_MS).unref()
  }

  /** Ends the streams of callers who may not be here any more. */
  #endOver(): void {
    const now = Date.now()
    for (const [stream, caller] of this.#callers) {
      const reason = endOf(caller, now)
      if (reason) stream.close(reason)
    }
  }

  get size(): number {
    return this.#streams.size
  }

  /** Streams that are there on the transport. */
  sizeOf(transport: string): number {
    return this.#sizes.get(transport) ?? 0
  }

  /** The gateway is about to stop: it still serves, but accepts no new streams. */
  get draining(): boolean {
    return this.#draining
  }

  create({ owner, ...options }: OwnedStreamOptions): Stream {
    const leave = owner === undefined ? undefined : this.#limits?.addStream(owner)
    const patterns = this.#limits?.patterns
    const { transport } = options.format
    const stream: Stream = new Stream(this.#hub, this.#settings, {
      ...options,
      ...(owner !== undefined &&
        patterns && {
          patterns: { add: topics => patterns.add(owner, topics), remove: topics => patterns.remove(owner, topics) },
        }),
      onClose: reason => {
        this.#counters.close(reason)
        leave?.()
        if (this.#accessLog.wantsStream(reason)) this.#accessLog.stream({ ...stream.account(), reason })
        this.#heartbeats.remove(stream)
        this.#streams.delete(stream)
        this.#callers.delete(stream)
        this.#sizes.set(transport, this.sizeOf(transport) - 1)
        clearTimeout(this.#ageTimers.get(stream))
        this.#ageTimers.delete(stream)
        options.onClose?.(reason)
      },
    })
    this.#streams.add(stream)
    if (options.caller && options.caller !== OPEN) this.#callers.set(stream, options.caller)
    this.#counters.open(transport)
    this.#sizes.set(transport, this.sizeOf(transport) + 1)
    return stream
  }

  /** The stream's head is out: what was held for it follows, and from now on it is kept alive. */
  open(stream: Stream): void {
    stream.open()
    if (stream.subscriber.closed) return
    this.#heartbeats.add(stream)
    if (this.#closed) stream.close('draining')
    else this.#limitAge(stream)
  }

  #limitAge(stream: Stream): void {
    const { MAX_STREAM_AGE_SECONDS: seconds } = this.#settings
    const ms = Math.min(stream.lifetimeMs, seconds > 0 ? seconds * jitter() * 1000 : Number.POSITIVE_INFINITY)
    if (Number.isFinite(ms))
      this.#ageTimers.set(
        stream,
        setTimeout(() => stream.close('max_age'), ms),
      )
  }

  /**
   * Opens a stream only to report why it ends and when to reconnect: an `EventSource` gives up permanently on an
   * answer that is an error. The topic is one that it was asked for.
   */
  refuse(stream: Stream, refusal: StreamRefusal, topic?: Topic): void {
    stream.open()
    if (topic) stream.sendError(topic, refusalProblem(refusal))
    stream.close(refusal)
  }

  /** Says through `draining` that the gateway is about to stop. */
  startDraining(): void {
    if (!this.#draining) this.#counters.drains++
    this.#draining = true
  }

  /**
   * Ends all streams one after the other, spread over at most so many seconds, so that their
   * clients do not all knock at the other gateways at once. Those that open meanwhile come last.
   */
  async drain(seconds: number): Promise<void> {
    this.startDraining()
    const step = Math.min(DRAIN_STEP_MS, (seconds * 1000) / Math.max(1, this.#streams.size))
    const started = performance.now()
    let closed = 0
    for (const stream of this.#streams) {
      stream.close('draining')
      const ahead = ++closed * step - (performance.now() - started)
      if (ahead > TIMER_GRAIN_MS) await pause(ahead)
      if (performance.now() - started > seconds * 1000) break
    }
    this.close()
  }

  /** Ends every stream now; those that open from now on end at once. */
  close(): void {
    this.startDraining()
    this.#closed = true
    this.#heartbeats.close()
    clearInterval(this.#guard)
    for (const stream of [...this.#streams]) stream.close('draining')
  }
}

/** How late a stream may end after its token has. One timer for all of them. */
const GUARD_MS = 1000

/** Between two streams that are ended: as long as there are few, all of them are ended quickly. */
const DRAIN_STEP_MS = 5
/** Shorter sleeps are not worth a timer. */
const TIMER_GRAIN_MS = 20

/** Down to four fifths, so that streams that opened together do not end together. */
const jitter = (): number => 0.8 + 0.2 * Math.random()
