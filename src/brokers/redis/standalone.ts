import { setImmediate } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Publication } from '../../messages/message.js'
import type { Topic } from '../../messages/topic.js'
import type { PublishResult } from '../../protocol/publish-result.js'
import type { Logger } from '../../telemetry/logger.js'
import type { Lineage } from './commands/lineage.js'
import { nameOf } from './commands/metadata.js'
import type { PublicationOptions } from './commands/publish-command.js'
import { Connection, type Target } from './connection/connection.js'
import type { RedisStatistics } from './connection/statistics.js'
import { Publisher } from './publisher.js'
import { Subscriptions } from './subscriptions.js'
import type { Topology, TopologyEvents } from './topology.js'

export interface StandaloneSettings {
  readonly target: Target
  readonly timeout: number
  readonly gatewayId: string
  readonly log: Logger
  readonly statistics: RedisStatistics
  readonly publishing: PublicationOptions
}

/** A single server, or the master that the Sentinels name: two connections, one that publishes and asks, one that listens. */
export class StandaloneTopology implements Topology {
  readonly #publishing: Connection
  readonly #listening: Connection
  readonly #publisher: Publisher
  readonly #subscriptions: Subscriptions

  constructor({ gatewayId, publishing, ...settings }: StandaloneSettings, events: TopologyEvents) {
    const name = (role: string) => `carillon:${role}:${gatewayId}`
    this.#publishing = new Connection(
      { ...settings, name: name('publisher'), hasHistory: publishing.history !== undefined },
      { up() {}, down() {} },
    )
    this.#listening = new Connection(
      { ...settings, name: name('subscriber') },
      {
        up: () => this.#subscriptions.connected(),
        down: since => {
          this.#subscriptions.disconnected()
          events.lost('redis_connection_lost', { since })
        },
      },
    )
    this.#publisher = new Publisher(this.#publishing, settings.log, publishing)
    this.#subscriptions = new Subscriptions(this.#listening.redis, events)
    const { redis } = this.#listening
    redis.on('messageBuffer', (channel: Buffer, data: Buffer) => events.message(channel.toString(), data))
    redis.on('pmessageBuffer', (pattern: string, channel: Buffer, data: Buffer) =>
      events.patternMessage(pattern, nameOf(channel), data),
    )
  }

  get unavailable(): string | undefined {
    return this.#publishing.unavailableReason ?? this.#listening.unavailableReason
  }

  start(): void {
    this.#publishing.connect()
    this.#listening.connect()
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    if (this.#publishing.isUp) return this.#publisher.publish(publications)
    return Promise.resolve(publications.map(() => ({ problem: 'broker-unavailable' })))
  }

  subscribe(topic: Topic, names: readonly string[]): Promise<void> {
    return this.#subscriptions.add(topic, names)
  }

  unsubscribe(topic: Topic): void {
    this.#subscriptions.remove(topic)
  }

  async channels(glob: string): Promise<string[]> {
    return (await this.#publishing.redis.pubsub('CHANNELS', glob)) as string[]
  }

  async subscriberCounts(names: readonly string[]): Promise<number[]> {
    if (names.length === 0) return []
    const answer = (await this.#publishing.redis.pubsub('NUMSUB', ...names)) as (string | number)[] // name, count, name, count …
    return names.map((_, i) => Number(answer[i * 2 + 1]))
  }

  async patternCount(): Promise<number> {
    return Number(await this.#publishing.redis.pubsub('NUMPAT'))
  }

  clientForKey(): Redis | undefined {
    return this.#publishing.isUp ? this.#publishing.redis : undefined
  }

  lineageOf(): Lineage | undefined {
    return this.#publishing.lineage
  }

  async close(): Promise<void> {
    await setImmediate() // what was handed over in this turn is on its way then, and QUIT goes behind it
    await Promise.all([this.#publishing.close(), this.#listening.close()])
  }
}
