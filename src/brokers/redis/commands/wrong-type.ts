import type { Redis } from 'ioredis'
import { historyKey, idempotencyKey, positionKey } from './keys.js'

/** A key does not hold what the gateway writes there. Redis says so itself, or a script that met it. */
export const isWrongType = ({ message }: Error): boolean => /\bWRONGTYPE\b/.test(message)

/**
 * Which keys of a channel hold something else, for the log: `carillon:history:{news} is a string, not a stream`. All of
 * them, without what they are, where the user may not ask.
 */
export async function describeWrongKeys(redis: Redis, channel: string, memo?: string): Promise<string[]> {
  const expected = [
    [positionKey(channel), 'hash'],
    [historyKey(channel), 'stream'],
    ...(memo === undefined ? [] : [[idempotencyKey(channel, memo), 'string']]),
  ] as [key: string, type: string][]
  const found = await Promise.all(expected.map(([key]) => redis.type(key).catch(() => undefined)))
  return expected.flatMap(([key, type], i) => {
    if (found[i] === undefined) return [`${key} should be a ${type}`]
    return found[i] === type || found[i] === 'none' ? [] : [`${key} is a ${found[i]}, not a ${type}`]
  })
}

export const WRONG_TYPE = 'a key of the gateway in redis holds a value of another type: something else has written it'
