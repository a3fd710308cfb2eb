import type { Broker } from './brokers/broker.js'
import type { RedisClient } from './brokers/redis/connection/from-ioredis.js'
import { createBroker } from './brokers/registry.js'
import { type Config, defaultConfig } from './config/config.js'
import { createGateway, drain, type Gateway } from './gateway.js'
import { checkPublication } from './publishing/publication.js'
import type { Publisher } from './publishing/publishing.js'
import { type Logger, silentLogger, withCleanErrors } from './telemetry/logger.js'

export interface GatewayOptions {
  /** Settings that differ from their defaults; see docs/settings.md. The environment is not read. */
  config?: Partial<Config> | undefined
  /** An ioredis client of yours, a `Cluster`, or the options of one; goes before `config.REDIS_URL`. */
  redis?: RedisClient | object | undefined
  /** A broker of your own. Closed with the app. */
  broker?: Broker | undefined
  log?: Logger | undefined
}

/** A gateway for an app that also wants to use it from its own code. */
export interface OpenGateway extends Gateway {
  /**
   * Publishes like `POST /channels/{channel}`. Resolves with what Redis answered. `PUBLISH_RATE` counts all of the app's own
   * messages as those of one caller.
   * @throws Problem as that call would answer
   */
  publish(channel: string, data: string | Uint8Array, options?: { event?: string }): Promise<{ receivers: number }>
  /** Not ready any more; ends the streams one after the other, and tells their clients to come back. Before `app.close()`. */
  drain(): Promise<void>
}

/** The app around the gateway counts as one caller. No caller from the network has such an id. */
const EMBEDDED: Publisher = { transport: 'http', caller: { id: 'embedded' }, owner: () => 'embedded' }

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
      const read = () => ({
        publication: checkPublication({ channel, data: bytes, ...(event !== undefined && { event }) }),
      })
      const { receivers } = await gateway.publishing.publish(EMBEDDED, read)
      return { receivers }
    },
    drain: () => drain(gateway),
  })
}
