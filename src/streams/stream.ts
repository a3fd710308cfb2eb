import { SubscribeRefused } from '../brokers/broker.js'
import type { Client } from '../fanout/client.js'
import { ClientQueue } from '../fanout/client-queue.js'
import type { Hub } from '../fanout/hub.js'
import { Subscriber } from '../fanout/subscriber.js'
import type { StartPositions } from '../history/start-position.js'
import { toJson } from '../messages/json-text.js'
import { describeTopic, type Topic, topicKey } from '../messages/topic.js'
import { CLOSE_REASONS, type CloseReason } from '../protocol/close-reasons.js'
import type { Format } from '../protocol/format.js'
import { Problem, tooManySubscriptions } from '../protocol/problems.js'
import type { EndedStream } from '../telemetry/access-log.js'
import type { StreamOptions, StreamPatterns, StreamSettings } from './stream-options.js'

/** One client's stream: its topics, and how it ends. */
export class Stream implements Client {
  readonly subscriber: Subscriber
  readonly format: Format
  /** `Infinity` where nothing but the settings ends it. */
  readonly lifetimeMs: number
  declare readonly group?: ClientQueue
  readonly #hub: Hub
  readonly #settings: StreamSettings
  readonly #patterns: StreamPatterns | undefined
  readonly #topics = new Map<string, Topic>()
  readonly #since = performance.now()
  /** Who opened it: not the request itself, which would stay in memory as long as the stream. */
  readonly #opener: Pick<EndedStream, 'reqId' | 'caller'>

  constructor(hub: Hub, settings: StreamSettings, options: StreamOptions) {
    const { sink, format, limit, timeout, lifetimeMs, caller, reqId, patterns, onClose } = options
    this.#hub = hub
    this.#settings = settings
    this.#patterns = patterns
    this.format = format
    this.lifetimeMs = lifetimeMs ?? Number.POSITIVE_INFINITY
    this.#opener = { reqId, caller: caller?.name }
    if (options.multiplexed || limit !== undefined) {
      const onLimit = () => this.close('limit_reached')
      const onRefused = (topic: Topic) => this.#refused(topic)
      this.group = new ClientQueue(format, hub.scheduler, {
        limit,
        onLimit,
        everyCopy: options.everyCopy ?? false,
        onRefused,
      })
    }
    const timer = timeout === undefined ? undefined : setTimeout(() => this.close('timeout'), timeout * 1000)
    this.subscriber = new Subscriber({
      sink,
      maxBufferedBytes: settings.MAX_BUFFERED_BYTES,
      onClose: reason => {
        clearTimeout(timer)
        for (const topic of this.#topics.values()) this.#hub.unsubscribe(this, topic)
        patterns?.remove([...this.#topics.values()])
        this.group?.leave(this.subscriber)
        onClose?.(reason)
        this.#topics.clear()
      },
    })
  }

  /** The summary of a stream that has ended. */
  account(): Omit<EndedStream, 'reason'> {
    const { messages, bytes } = this.subscriber
    const milliseconds = performance.now() - this.#since
    const { transport } = this.format
    return { ...this.#opener, transport, topics: this.#topics.values(), messages, bytes, milliseconds }
  }

  get size(): number {
    return this.#topics.size
  }

  has(topic: Topic): boolean {
    return this.#topics.has(topicKey(topic))
  }

  /**
   * Resolves when every topic is live, however long that takes. The client begins at its place on each, or now.
   * @throws Problem `channel-refused`, `too-many-subscriptions`, `too-many-patterns`, `patterns-unavailable`
   */
  async subscribe(topics: readonly Topic[], places?: StartPositions): Promise<void> {
    if (this.subscriber.closed) return
    if (!this.#hub.hasPatterns && topics.some(({ kind }) => kind === 'pattern'))
      throw new Problem('patterns-unavailable')
    const added = [...new Map(topics.map(topic => [topicKey(topic), topic])).values()].filter(topic => !this.has(topic))
    if (this.size + added.length > this.#settings.MAX_SUBSCRIPTIONS)
      throw tooManySubscriptions(this.size + added.length, this.#settings.MAX_SUBSCRIPTIONS)
    this.#patterns?.add(added)
    for (const topic of added) this.#topics.set(topicKey(topic), topic)
    try {
      await Promise.all(added.map(topic => this.#begin(topic, places)))
    } catch (error) {
      // A topic that was given up meanwhile may have been subscribed again. That subscription stays.
      for (const topic of added) if (this.#topics.get(topicKey(topic)) === topic) this.unsubscribe(topic)
      if (error instanceof SubscribeRefused) throw new Problem('channel-refused', undefined, {}, { cause: error })
      throw error
    }
    this.#tellPosition(added)
  }

  /**
   * Resolves when every topic is live, or after a bounded time: then each topic that is still
   * missing gets a `gap` when it comes, and the stream can open meanwhile. `onLate` hears when all of them have come.
   */
  async subscribeOrExpectGap(
    topics: readonly Topic[],
    places?: StartPositions,
    onLate = (): void => {},
  ): Promise<{ live: boolean }> {
    const live = this.subscribe(topics, places).then(() => ({ live: true }))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<{ live: boolean }>(resolve => {
      timer = setTimeout(() => resolve({ live: false }), this.#settings.OPEN_TIMEOUT_MS)
    })
    const outcome = await Promise.race([live, late]).finally(() => clearTimeout(timer))
    if (!outcome.live) {
      for (const topic of topics) this.#hub.expectGap(this, topic)
      live.then(onLate, () => this.close('channel_refused'))
    }
    return outcome
  }

  #begin(topic: Topic, places: StartPositions | undefined): Promise<void> {
    const place = places?.get(topic)
    if (place && 'gap' in place) this.#hub.tellGap(this, topic, place.gap)
    // The last none of its history is how every stream begins.
    const from = place && 'from' in place && place.from.last !== 0 ? place.from : undefined
    return this.#hub.subscribe(this, topic, from)
  }

  /** A client that is disconnected before its first message must know where to resume. */
  #tellPosition(topics: readonly Topic[]): void {
    if (this.subscriber.closed) return
    const [id] = topics.map(topic => this.#hub.locate(this, topic)).filter(id => id !== undefined)
    const cursor = id && (this.group ? this.group.cursor : id)
    if (cursor && this.format.position) this.send(this.format.position(cursor))
  }

  /** The client first gets the gap that is due on the topic. */
  unsubscribe(topic: Topic): void {
    if (!this.has(topic)) return
    this.group?.flush()
    this.#tellGapDue(topic)
    if (!this.#topics.delete(topicKey(topic))) return
    this.#hub.unsubscribe(this, topic)
    this.#patterns?.remove([topic])
  }

  /** An `error` event, for what goes wrong on a stream that is already open. */
  sendError(topic: Topic, problem: Problem): void {
    const data = toJson({ ...describeTopic(topic), ...problem.toJSON() })
    this.send(this.format.control('error', topic, data))
  }

  /** One topic of several is lost permanently: the stream reports it and continues with the others. */
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
    if (!CLOSE_REASONS[reason].cut) this.#settle()
    if (CLOSE_REASONS[reason].again) for (const bytes of this.#retry()) this.subscriber.write(bytes)
    this.subscriber.close(reason)
  }

  /** Sends the messages of this tick and the gaps that are still due. */
  #settle(): void {
    this.#hub.scheduler.flush()
    for (const topic of this.#topics.values()) this.#tellGapDue(topic)
  }

  #tellGapDue(topic: Topic): void {
    const gap = this.#hub.gapDue(this, topic)
    if (gap !== undefined) this.send(this.format.control('gap', topic, gap))
  }

  /** When an `EventSource` should reconnect; jittered, so that clients do not all reconnect at once. */
  #retry(): Buffer[] {
    const { retry, pack } = this.format
    return retry ? [pack([retry(Math.round(this.#settings.RETRY_MS * (0.5 + Math.random())))])] : []
  }

  /** For this client alone. */
  send(frame: Buffer): void {
    this.subscriber.write(this.format.pack([frame]))
  }
}
