import type { Redis } from 'ioredis'
import { RESERVED_PREFIX } from '../../messages/names.js'
import { BrokerUnavailable } from '../broker.js'
import type { EphemeralStore } from '../ephemeral-store.js'

/** Keys that expire, each at the server that keeps its slot. `GETDEL` (Redis 6.2) is what makes `take` one step. */
export class RedisEphemeralStore implements EphemeralStore {
  readonly #clientForKey: (key: string) => Redis | undefined

  constructor(clientForKey: (key: string) => Redis | undefined) {
    this.#clientForKey = clientForKey
  }

  async put(name: string, value: string, seconds: number): Promise<void> {
    await this.#ask(name, (redis, key) => redis.set(key, value, 'PX', Math.ceil(seconds * 1000)))
  }

  get(name: string): Promise<string | undefined> {
    return this.#ask(name, async (redis, key) => (await redis.get(key)) ?? undefined)
  }

  take(name: string): Promise<string | undefined> {
    return this.#ask(name, async (redis, key) => (await redis.getdel(key)) ?? undefined)
  }

  async #ask<Answer>(name: string, ask: (redis: Redis, key: string) => Promise<Answer>): Promise<Answer> {
    const key = `${RESERVED_PREFIX}vault:${name}`
    const redis = this.#clientForKey(key)
    if (!redis) throw new BrokerUnavailable('Redis is not connected')
    try {
      return await ask(redis, key)
    } catch (cause) {
      throw new BrokerUnavailable('Redis did not answer', { cause })
    }
  }
}
