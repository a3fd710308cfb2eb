import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A Lua script, called by its digest: its text goes to a server only when that does not know it. */
export class Script {
  readonly source: string
  readonly #digest: string

  constructor(source: string) {
    this.source = source.trim()
    this.#digest = createHash('sha1').update(this.source).digest('hex')
  }

  call(keys: readonly string[], args: readonly (string | Buffer)[]): ScriptCall {
    const rest = [`${keys.length}`, ...keys, ...args]
    return { byDigest: ['evalsha', this.#digest, ...rest], byText: ['eval', this.source, ...rest] }
  }

  /** Runs it over one key, at most once. Rejects with what Redis or the connection says. */
  async run(redis: Redis, key: string, ...args: string[]): Promise<unknown> {
    const { byDigest, byText } = this.call([key], args)
    try {
      return await redis.call(...byDigest)
    } catch (error) {
      if (!isUnknownScript(error as Error)) throw error
      return redis.call(...byText)
    }
  }
}

/** The two forms of one call. */
export interface ScriptCall {
  readonly byDigest: ScriptCommand
  readonly byText: ScriptCommand
}

type ScriptCommand = [command: string, ...(string | Buffer)[]]

/** The server does not know the script, as after a restart, or forbids calls by digest. It has not executed anything. */
export const isUnknownScript = ({ message }: Error): boolean =>
  message.startsWith('NOSCRIPT') || /^(?:ERR unknown command|NOPERM [^']*)[ ]?['`]evalsha['`]/i.test(message)

/** Runs a script that reads. Strings in its answer are Buffers. */
export async function readByScript(redis: Redis, { byDigest, byText }: ScriptCall): Promise<unknown> {
  try {
    return await redis.callBuffer(...byDigest)
  } catch (error) {
    if (!isUnknownScript(error as Error)) throw error
    return redis.callBuffer(...byText)
  }
}
