import { randomUUID } from 'node:crypto'
import { Message, type Publication } from '../../messages/message.js'
import { isChannelName, isReservedChannel } from '../../messages/names.js'
import { channelTopic, type Topic } from '../../messages/topic.js'
import type { PublishResult } from '../../protocol/publish-result.js'
import type { Logger } from '../../telemetry/logger.js'
import { type Broker, type BrokerListener, BrokerUnavailable, type ListenerCounts } from '../broker.js'
import { channelOfMetadata, decodeMetadata, PendingMetadata, wireNames } from './commands/metadata.js'
import { RedisStatistics } from './connection/statistics.js'
import { createTopology, type RedisSettings } from './create-topology.js'
import { RedisEphemeralStore } from './ephemeral-store.js'
import { RedisHistory } from './history.js'
import { ListenerCounter } from './listener-counter.js'
import { RedisRateLimitStore } from './rate-limit-store.js'
import type { Topology, TopologyEvents } from './topology.js'

export type { RedisSettings } from './create-topology.js'

/** Redis as the broker. */
export class RedisBroker implements Broker {
  readonly hasPatterns: boolean
  readonly rateLimitStore: RedisRateLimitStore
  readonly connections = new RedisStatistics()
  readonly history: RedisHistory | undefined
  readonly ephemeralStore: RedisEphemeralStore
  readonly #topology: Topology
  readonly #listenerCounter: ListenerCounter
  readonly #pending = new PendingMetadata()
  readonly #log: Logger
  #listener: BrokerListener | undefined

  /** @throws ConfigError */
  constructor(settings: RedisSettings, log: Logger) {
    const gatewayId = randomUUID()
    this.#log = log
    this.hasPatterns = !settings.sharded
    this.#topology = createTopology(settings, gatewayId, log, this.connections, this.#events())
    this.rateLimitStore = new RedisRateLimitStore(key => this.#topology.clientForKey(key), log)
    if (settings.history && !settings.history.isEmpty)
      this.history = new RedisHistory(this.#topology, settings.history, log)
    this.ephemeralStore = new RedisEphemeralStore(key => this.#topology.clientForKey(key))
    this.#listenerCounter = new ListenerCounter(
      this.#topology,
      gatewayId,
      settings.timeout,
      async (channels, isWanted) => (this.#listener ? this.#listener.countListeners(channels, isWanted) : []),
    )
  }

  get unavailable(): string | undefined {
    return this.#topology.unavailable
  }

  start(listener: BrokerListener): void {
    this.#listener = listener
    this.#topology.start()
    for (const channel of [ListenerCounter.ASSEMBLY, this.#listenerCounter.inbox]) {
      this.#topology.subscribe(channelTopic(channel), [channel]).catch((error: Error) => {
        this.#log.error({ err: error, channel }, 'redis refuses the channel with which gateways count listeners')
      })
    }
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return this.#topology.publish(publications)
  }

  subscribe(topic: Topic): Promise<void> {
    return this.#topology.subscribe(topic, wireNames(topic))
  }

  unsubscribe(topic: Topic): void {
    this.#topology.unsubscribe(topic)
  }

  async channels(glob: string): Promise<string[]> {
    const names = await this.#topology.channels(glob).catch(unavailable)
    return names.filter(isVisible)
  }

  subscriberCounts(channels: readonly string[]): Promise<number[]> {
    return this.#topology.subscriberCounts(channels).catch(unavailable)
  }

  patternCount(): Promise<number> {
    return this.#topology.patternCount().catch(unavailable)
  }

  listenerCounts(channels: readonly string[]): Promise<ListenerCounts> {
    return this.#listenerCounter.ask(channels)
  }

  async close(): Promise<void> {
    this.#listener = undefined
    await this.#topology.close()
  }

  #events(): TopologyEvents {
    return {
      message: (channel, data) => this.#message(channel, data),
      patternMessage: (pattern, channel, data) => this.#patternMessage(pattern, channel, data),
      live: topic => this.#listener?.live(topic),
      refused: topic => this.#listener?.refused(topic),
      lost: (reason, loss) => {
        this.#pending.clear()
        this.#listener?.lost(reason, loss)
      },
    }
  }

  #message(channel: string, data: Buffer): void {
    if (!isReservedChannel(channel)) {
      const metadata = this.#pending.take(channel, data)
      this.#listener?.message(new Message({ channel, data, event: metadata?.event, position: metadata?.position }))
      return
    }
    const owner = channelOfMetadata(channel)
    if (owner === undefined) this.#listenerCounter.hear(channel, data)
    else this.#expect(owner, data)
  }

  #patternMessage(pattern: string, channel: string, data: Buffer): void {
    const wanted = channelOfMetadata(pattern)
    const owner = channelOfMetadata(channel)
    if (wanted !== undefined) {
      if (owner !== undefined) this.#expect(route(wanted, owner), data)
    } else if (!isReservedChannel(channel)) {
      const metadata = this.#pending.take(route(pattern, channel), data)
      this.#listener?.message(
        new Message({ channel, data, event: metadata?.event, position: metadata?.position }),
        pattern,
      )
    }
  }

  #expect(key: string, data: Buffer): void {
    const metadata = decodeMetadata(data)
    if (metadata) this.#pending.add(key, metadata)
  }
}

/** The way a pattern's copy of a message takes. A pattern holds no space. */
const route = (pattern: string, channel: string): string => `${pattern} ${channel}`

/** Channels that clients can name. Others exist in Redis; clients only see them in envelopes that come by a pattern. */
const isVisible = (channel: string): boolean => isChannelName(channel) && !isReservedChannel(channel)

function unavailable(cause: unknown): never {
  throw new BrokerUnavailable('Redis did not answer', { cause })
}
