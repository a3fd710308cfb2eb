import { randomUUID } from 'node:crypto'
import { Message, type Publication } from '../../messages/message.js'
import { isChannelName, isReservedChannel } from '../../messages/names.js'
import { channelTopic, type Topic } from '../../messages/topic.js'
import type { Logger } from '../../support/logger.js'
import {
  type Broker,
  type BrokerListener,
  BrokerUnavailable,
  type ListenerCounts,
  type PublishResult,
} from '../broker.js'
import { channelOfCompanion, decodeMetadata, PendingMetadata, wireNames } from './commands/metadata.js'
import { RedisStatistics } from './connection/statistics.js'
import { deploy, type RedisSettings } from './create-topology.js'
import { RedisVault } from './ephemeral-store.js'
import { RedisHistory } from './history.js'
import { Census } from './listener-counter.js'
import { RedisLedger } from './rate-limit-store.js'
import type { Deployment, DeploymentEvents } from './topology.js'

export type { RedisSettings } from './create-topology.js'

/** Redis as the broker. */
export class RedisBroker implements Broker {
  readonly hasPatterns: boolean
  readonly ledger: RedisLedger
  readonly connections = new RedisStatistics()
  readonly history: RedisHistory | undefined
  readonly vault: RedisVault
  readonly #deployment: Deployment
  readonly #census: Census
  readonly #pending = new PendingMetadata()
  readonly #log: Logger
  #listener: BrokerListener | undefined

  /** @throws ConfigError */
  constructor(settings: RedisSettings, log: Logger) {
    const gatewayId = randomUUID()
    this.#log = log
    this.hasPatterns = !settings.sharded
    this.#deployment = deploy(settings, gatewayId, log, this.connections, this.#events())
    this.ledger = new RedisLedger(key => this.#deployment.keeperOf(key), log)
    if (settings.history && !settings.history.isEmpty)
      this.history = new RedisHistory(this.#deployment, settings.history, log)
    this.vault = new RedisVault(key => this.#deployment.keeperOf(key))
    this.#census = new Census(this.#deployment, gatewayId, settings.timeout, async (channels, isWanted) =>
      this.#listener ? this.#listener.countListeners(channels, isWanted) : [],
    )
  }

  get unavailable(): string | undefined {
    return this.#deployment.unavailable
  }

  start(listener: BrokerListener): void {
    this.#listener = listener
    this.#deployment.start()
    for (const channel of [Census.ASSEMBLY, this.#census.inbox]) {
      this.#deployment.subscribe(channelTopic(channel), [channel]).catch((error: Error) => {
        this.#log.error({ err: error, channel }, 'redis refuses the channel over which gateways count listeners')
      })
    }
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return this.#deployment.publish(publications)
  }

  subscribe(topic: Topic): Promise<void> {
    return this.#deployment.subscribe(topic, wireNames(topic))
  }

  unsubscribe(topic: Topic): void {
    this.#deployment.unsubscribe(topic)
  }

  async channels(glob: string): Promise<string[]> {
    const names = await this.#deployment.channels(glob).catch(unavailable)
    return names.filter(isVisible)
  }

  subscriberCounts(channels: readonly string[]): Promise<number[]> {
    return this.#deployment.subscriberCounts(channels).catch(unavailable)
  }

  patternCount(): Promise<number> {
    return this.#deployment.patternCount().catch(unavailable)
  }

  listenerCounts(channels: readonly string[]): Promise<ListenerCounts> {
    return this.#census.ask(channels)
  }

  async close(): Promise<void> {
    this.#listener = undefined
    await this.#deployment.close()
  }

  #events(): DeploymentEvents {
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
    const owner = channelOfCompanion(channel)
    if (owner === undefined) this.#census.hear(channel, data)
    else this.#expect(owner, data)
  }

  #patternMessage(pattern: string, channel: string, data: Buffer): void {
    const wanted = channelOfCompanion(pattern)
    const owner = channelOfCompanion(channel)
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
