import { Redis, type RedisOptions } from 'ioredis'
import type { AnyObserver } from './observer.js'

/** What a native publisher speaks through. */
export interface Native {
  readonly status: string
  publish(channel: string, data: string): Promise<unknown>
  xrange(key: string, from: string, to: string): Promise<[id: string, fields: string[]][]>
  disconnect(): void
}

/** The Redis of a run, of whatever shape. */
export interface Topology {
  /** One at each node. */
  readonly observers: readonly AnyObserver[]
  /** A message is seen by one of the observers only, and not by all. */
  readonly sharded?: boolean
  /** What a gateway is given as `REDIS_URL`. */
  url(gateway: number): string
  /** The connection of the native publisher. */
  connect(): Native
  /** Whether it leads to where a native publisher should publish now. */
  isWell(): Promise<boolean>
}

/**
 * A native client that, like the gateways, sends a command at most once. `replyMapping` is left
 * out: it would change what every reply looks like, types included.
 */
export function connectNatively(target: Omit<RedisOptions, 'replyMapping'>): Redis {
  const redis = new Redis({
    ...target,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 20,
  })
  redis.on('error', () => {}) // each publication has its outcome
  return redis
}
