import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import {
  type Broker,
  type BrokerListener,
  BrokerUnavailable,
  type ListenerCounts,
  type PublishResult,
} from '../../broker.js'
import type { Logger } from '../../logger.js'
import { Message, type Publication } from '../../message.js'
import { isChannelName, isReservedChannel } from '../../names.js'
import { channelTopic, type Topic } from '../../topic.js'
import { Census } from './census.js'
import { connect, disconnect, keepProbing, type RedisSettings } from './connection.js'
import { Publisher } from './publisher.js'
import { Subscriptions } from './subscriptions.js'
import { channelOfCompanion, decodeMetadata, PendingMetadata, wireNames } from './wire.js'

/** Redis as the broker, over two connections: one that publishes and asks, one that listens. */
export class RedisBroker implements Broker {
  readonly #publishing: Redis
  readonly #listening: Redis
  readonly #publisher: Publisher
  readonly #subscriptions: Subscriptions
  readonly #census: Census
  readonly #pending = new PendingMetadata()
  readonly #probes: { stop(): void }[]
  readonly #log: Logger
  readonly #timeout: number
  #listener: BrokerListener | undefined

  constructor(settings: RedisSettings, log: Logger) {
    const gatewayId = randomUUID()
    this.#log = log
    this.#timeout = settings.timeout
    this.#publishing = connect(settings, 'publisher', gatewayId, log)
    this.#listening = connect(settings, 'subscriber', gatewayId, log)
    this.#publisher = new Publisher(this.#publishing, log)
    this.#census = new Census(
      this.#publishing,
      gatewayId,
      settings.timeout,
      channels => this.#listener?.countListeners(channels) ?? [],
    )
    this.#subscriptions = new Subscriptions(this.#listening, {
      live: topic => this.#listener?.live(topic),
      refused: topic => this.#listener?.refused(topic),
    })
    this.#probes = [this.#publishing, this.#listening].map(redis => keepProbing(redis, settings.timeout))
    this.#listening.on('ready', () => this.#subscriptions.connected())
    this.#listening.on('close', () => this.#disconnected())
    this.#listening.on('messageBuffer', (channel: Buffer, data: Buffer) => this.#message(channel.toString(), data))
    this.#listening.on('pmessageBuffer', (pattern: string, channel: Buffer, data: Buffer) =>
      this.#patternMessage(pattern, channel.toString(), data),
    )
  }

  get unavailable(): string | undefined {
    for (const [role, redis] of Object.entries({ publishing: this.#publishing, listening: this.#listening })) {
      if (redis.status !== 'ready') return `the ${role} connection to Redis is ${redis.status}`
    }
    return undefined
  }

  start(listener: BrokerListener): void {
    this.#listener = listener
    for (const redis of [this.#publishing, this.#listening]) redis.connect().catch(() => {}) // it goes on trying, and logs
    for (const channel of [Census.ASSEMBLY, this.#census.inbox]) {
      this.#subscriptions.add(channelTopic(channel), [channel]).catch((error: Error) => {
        this.#log.error({ err: error, channel }, 'redis refuses the channel over which gateways count listeners')
      })
    }
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return this.#publisher.publish(publications)
  }

  subscribe(topic: Topic): Promise<void> {
    return this.#subscriptions.add(topic, wireNames(topic))
  }

  unsubscribe(topic: Topic): void {
    this.#subscriptions.remove(topic)
  }

  async channels(glob: string): Promise<string[]> {
    const names = await this.#query<string[]>(redis => redis.pubsub('CHANNELS', glob))
    return names.filter(isVisible)
  }

  async subscriberCounts(channels: readonly string[]): Promise<number[]> {
    if (channels.length === 0) return []
    const answer = await this.#query<(string | number)[]>(redis => redis.pubsub('NUMSUB', ...channels))
    return channels.map((_, i) => Number(answer[i * 2 + 1]))
  }

  async listenerCounts(channels: readonly string[]): Promise<ListenerCounts> {
    return this.#census.ask(channels)
  }

  async close(): Promise<void> {
    for (const probe of this.#probes) probe.stop()
    this.#listener = undefined
    await Promise.all([this.#publishing, this.#listening].map(redis => disconnect(redis, this.#timeout)))
  }

  async #query<Answer>(ask: (redis: Redis) => Promise<unknown>): Promise<Answer> {
    try {
      return (await ask(this.#publishing)) as Answer // the command's reply, as its documentation gives it
    } catch (error) {
      throw new BrokerUnavailable('Redis did not answer', { cause: error })
    }
  }

  #disconnected(): void {
    this.#pending.clear()
    this.#listener?.lost('redis_connection_lost')
  }

  #message(channel: string, data: Buffer): void {
    if (!isReservedChannel(channel)) {
      const metadata = this.#pending.take(channel, data)
      this.#listener?.message(new Message({ channel, data, event: metadata?.event }))
      return
    }
    const owner = channelOfCompanion(channel)
    if (owner === undefined) this.#census.hear(channel, data)
    else this.#expect(owner, data)
  }

  #patternMessage(pattern: string, channel: string, data: Buffer): void {
    const wanted = channelOfCompanion(pattern)
    const owner = channelOfCompanion(channel)
    if (wanted !== undefined) {
      if (owner !== undefined) this.#expect(route(wanted, owner), data)
    } else if (isVisible(channel)) {
      const metadata = this.#pending.take(route(pattern, channel), data)
      this.#listener?.message(new Message({ channel, data, event: metadata?.event }), pattern)
    }
  }

  #expect(key: string, data: Buffer): void {
    const metadata = decodeMetadata(data)
    if (metadata) this.#pending.add(key, metadata)
  }
}

/** The way a pattern's copy of a message takes; names hold no space. */
const route = (pattern: string, channel: string): string => `${pattern} ${channel}`

/** Channels that clients can name. Others exist in Redis, and are not this gateway's to show. */
const isVisible = (channel: string): boolean => isChannelName(channel) && !isReservedChannel(channel)
