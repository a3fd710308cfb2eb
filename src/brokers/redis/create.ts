import type { Config } from '../../config/config.js'
import type { Logger } from '../../telemetry/logger.js'
import { parseHistoryRules } from '../history-rules.js'
import { RedisBroker } from './broker.js'

/**
 * `client` is an ioredis client, a `Cluster`, or the options of one.
 * @throws ConfigError
 */
export function createRedisBroker(config: Config, log: Logger, client?: object): RedisBroker {
  const settings = {
    ...(client ? { client } : { url: config.REDIS_URL ?? '' }),
    timeout: config.REDIS_TIMEOUT_MS,
    sharded: config.REDIS_SHARDED,
    history: parseHistoryRules(config.HISTORY),
    idempotencySeconds: config.IDEMPOTENCY_SECONDS,
    tls: { ca: config.REDIS_CA_FILE, cert: config.REDIS_CERT_FILE, key: config.REDIS_KEY_FILE },
    sentinel: { username: config.REDIS_SENTINEL_USERNAME, password: config.REDIS_SENTINEL_PASSWORD },
  }
  return new RedisBroker(settings, log)
}
