import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A Lua script over one key. Redis keeps it, so that only its digest travels. */
export class Script {
  readonly #source: string
  readonly #digest: string

  constructor(source: string) {
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
  }

  /** Runs it at most once. Rejects with what Redis or the connection says. */
  async run(redis: Redis, key: string, ...args: string[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#digest, 1, key, ...args)
    } catch (error) {
      // Not executed: this Redis has not seen it since it started.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return redis.eval(this.#source, 1, key, ...args)
    }
  }
}
