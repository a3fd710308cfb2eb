import { type Config, ConfigError, REDIS_SCHEMES } from '../config/config.js'
import type { Logger } from '../telemetry/logger.js'
import type { Broker } from './broker.js'
import { createMemoryBroker } from './memory/create.js'

/** Makes a broker as the settings say. `client` is a connection of the app around the gateway, or the options of one. */
export type CreateBroker = (config: Config, log: Logger, client?: object) => Broker

/** Loaded where it is used: a start does not pay for a broker that it does not need. */
type LoadBroker = () => Promise<CreateBroker>

const redis: LoadBroker = async () => (await import('./redis/create.js')).createRedisBroker

/** A broker is a folder beside this file, and a line here with the schemes of its URLs. */
const BROKERS: readonly (readonly [schemes: readonly string[], LoadBroker])[] = [[REDIS_SCHEMES, redis]]

/**
 * The broker that the URL asks for; without a URL, the embedded one. A client goes before the URL, and is one of ioredis.
 * @throws ConfigError
 */
export async function createBroker(config: Config, log: Logger, client?: object): Promise<Broker> {
  if (client !== undefined) return (await redis())(config, log, client)
  const { REDIS_URL: url } = config
  if (url === undefined) return createMemoryBroker(config)
  const scheme = url.split('://', 1)[0] ?? ''
  const load = BROKERS.find(([schemes]) => schemes.includes(scheme))?.[1]
  if (!load)
    throw new ConfigError(`REDIS_URL begins with none of ${BROKERS.flatMap(([schemes]) => schemes).join(', ')}`)
  return (await load())(config, log)
}
