import { setTimeout } from 'node:timers/promises'
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from '../../logger.js'

export interface RedisSettings {
  /** `redis://`, `rediss://` or `unix://`, with user, password and database as ioredis takes them. */
  url: string
  /** How long Redis may leave a command without an answer, in milliseconds, before the connection counts as dead. */
  timeout: number
}

/** What the connection is for; part of its name in `CLIENT LIST`. */
export type Role = 'publisher' | 'subscriber'

/**
 * A connection that tells the truth: a command is sent at most once, now or never. Nothing waits
 * in a queue for better times, nothing is sent again after a reconnect, and what was subscribed
 * is subscribed again by whoever keeps the list, not behind its back.
 */
export function connect({ url, timeout }: RedisSettings, role: Role, gatewayId: string, log: Logger): Redis {
  const options = {
    connectionName: `carillon:${role}:${gatewayId}`,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: timeout * 2,
    // Destroys the socket when an answer is overdue, so that a frozen Redis is noticed.
    socketTimeout: timeout,
    retryStrategy: (attempt: number) =>
      Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt - 1, 10)),
    lazyConnect: true,
  } satisfies RedisOptions
  const redis = new Redis(url, options)
  redis.on('error', (error: Error) => log.warn({ err: error, connection: role }, 'redis connection error'))
  redis.on('ready', () => log.info({ connection: role }, 'redis connection ready'))
  redis.on('close', () => log.info({ connection: role }, 'redis connection closed'))
  return redis
}

const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000

/** Asks the connection for a sign of life from time to time, as nothing else would on a silent one. */
export function keepProbing(redis: Redis, everyMs: number): { stop(): void } {
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => {}) // a failure closes the connection, which is heard of
  }, everyMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** Ends the connection for good, politely if it answers in time. */
export async function disconnect(redis: Redis, timeout: number): Promise<void> {
  if (redis.status === 'end') return
  const ended = new Promise<void>(resolve => redis.once('end', () => resolve()))
  if (redis.status === 'ready') redis.quit().catch(() => redis.disconnect())
  else redis.disconnect()
  // Between two attempts to connect there is nothing that could end, and no event either.
  await Promise.race([ended, setTimeout(timeout, undefined, { ref: false })])
  redis.disconnect()
}
