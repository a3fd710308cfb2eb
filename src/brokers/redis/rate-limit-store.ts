import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { RateLimitStore } from '../../limits/meter.js'
import { RESERVED_PREFIX } from '../../messages/names.js'
import type { Logger } from '../../telemetry/logger.js'
import { Script } from './commands/script.js'

/**
 * What callers owe, in Redis: for each of them one key with the time at which all is paid off,
 * by Redis's own clock; it expires then.
 */
export class RedisRateLimitStore implements RateLimitStore {
  readonly #clientForKey: (key: string) => Redis | undefined
  readonly #log: Logger
  #unavailableReason = ''

  constructor(clientForKey: (key: string) => Redis | undefined, log: Logger) {
    this.#clientForKey = clientForKey
    this.#log = log
  }

  async charge(caller: string, milliseconds: number): Promise<number> {
    const key = keyOf(caller)
    const redis = this.#clientForKey(key)
    if (!redis) throw new Error('Redis is not connected') // publishes fail too, and report it
    try {
      const owed = await CHARGE.run(redis, key, `${Math.ceil(milliseconds * 1000)}`)
      this.#unavailableReason = ''
      return Number(owed) / 1000
    } catch (error) {
      this.#warnOnce(error as Error)
      throw error
    }
  }

  /** Warns once per kind of error, no matter how many charges fail. */
  #warnOnce(error: Error): void {
    if (error.message === this.#unavailableReason) return
    this.#unavailableReason = error.message
    this.#log.warn({ err: error }, 'redis cannot store the publish rate, so each gateway limits by itself')
  }
}

/** A hash, so that no address or credential is stored in Redis. */
const keyOf = (caller: string): string =>
  `${RESERVED_PREFIX}rate:${createHash('sha256').update(caller).digest('base64url').slice(0, 22)}`

/** All in microseconds. */
const CHARGE = new Script(`
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local due = math.max(tonumber(redis.call('get', KEYS[1]) or 0), now) + ARGV[1]
redis.call('set', KEYS[1], string.format('%.0f', due), 'px', math.ceil((due - now) / 1000))
return string.format('%.0f', due - now)`)
