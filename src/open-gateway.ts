import type { Broker } from './brokers/broker.js'
import { parseHistoryRules } from './brokers/history-rules.js'
import { MemoryBroker } from './brokers/memory/broker.js'
import type { RedisClient } from './brokers/redis/connection/from-ioredis.js'
import { type Config, defaultConfig } from './config/config.js'
import { createGateway, drain, type Gateway } from './gateway.js'
import { Problem } from './protocol/problems.js'
import { checkPublication } from './publishing/publication.js'
import { type Logger, silentLogger, withCleanErrors } from './telemetry/logger.js'

export interface GatewayOptions {
  /** Settings that differ from their defaults; see docs/settings.md. The environment is not read. */
  config?: Partial<Config> | undefined
  /** An ioredis client of yours, a `Cluster`, or the options of one; goes before `config.REDIS_URL`. */
  redis?: RedisClient | object | undefined
  /** Whatever else carries messages. Closed with the app. */
  broker?: Broker | undefined
  log?: Logger | undefined
}

/** A gateway for an app that also wants to use it from its own code. */
export interface OpenGateway extends Gateway {
  /**
   * Publishes like `POST /channels/{channel}`. Resolves with what Redis answered.
   * @throws Problem as that call would answer
   */
  publish(channel: string, data: string | Uint8Array, options?: { event?: string }): Promise<{ receivers: number }>
  /** Not ready any more; ends the streams one after the other, and tells their clients to come back. Before `app.close()`. */
  drain(): Promise<void>
}

/** Lets the gateway connect, and does not wait for it. The app that it is registered in closes it. */
export async function openGateway(options: GatewayOptions = {}): Promise<OpenGateway> {
  const config: Config = { ...defaultConfig, ...options.config }
  const log = options.log ? withCleanErrors(options.log) : silentLogger
  const broker = options.broker ?? (await createBroker(config, log, options.redis))
  const gateway = createGateway(config, broker, { log })
  return Object.assign(gateway, {
    async publish(channel: string, data: string | Uint8Array, { event }: { event?: string } = {}) {
      const bytes =
        typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.length)
      const publication = { channel, data: bytes, ...(event !== undefined && { event }) }
      try {
        if (bytes.length > config.MAX_MESSAGE_BYTES) throw new Problem('message-too-large')
        checkPublication(publication)
      } catch (error) {
        if (error instanceof Problem) gateway.counters.refusePublish('http', error.type)
        throw error
      }
      const [result] = await gateway.hub.publish([publication])
      if (!result || 'problem' in result) throw new Problem(result?.problem ?? 'internal-error')
      return { receivers: result.receivers }
    },
    drain: () => drain(gateway),
  })
}

/** As the settings say; `redis` is a client in the place of an address. */
export async function createBroker(config: Config, log: Logger, redis?: RedisClient | object): Promise<Broker> {
  const kept = { history: parseHistoryRules(config.HISTORY), idempotencySeconds: config.IDEMPOTENCY_SECONDS }
  if (redis === undefined && config.REDIS_URL === undefined) return new MemoryBroker(kept)
  const { RedisBroker } = await import('./brokers/redis/broker.js') // not loaded where there is no Redis
  const settings = {
    ...(redis ? { client: redis } : { url: config.REDIS_URL ?? '' }),
    timeout: config.REDIS_TIMEOUT_MS,
    sharded: config.REDIS_SHARDED,
    ...kept,
    tls: { ca: config.REDIS_CA_FILE, cert: config.REDIS_CERT_FILE, key: config.REDIS_KEY_FILE },
    sentinel: { username: config.REDIS_SENTINEL_USERNAME, password: config.REDIS_SENTINEL_PASSWORD },
  }
  return new RedisBroker(settings, log)
}
