import { availableParallelism } from 'node:os'
import { type Config, ConfigError } from '../config/config.js'

/**
 * How many processes the settings ask for.
 * @throws ConfigError when there is more than one process, but the embedded broker serves only one
 */
export function workerCount({ WORKERS, REDIS_URL }: Pick<Config, 'WORKERS' | 'REDIS_URL'>): number {
  const count = WORKERS === 'auto' ? availableParallelism() : Number(WORKERS)
  if (count > 1 && REDIS_URL === undefined)
    throw new ConfigError(
      `WORKERS asks for ${count} processes, and the embedded broker serves one: set REDIS_URL, or WORKERS=1`,
    )
  return count
}
