import { Redis, type RedisOptions } from 'ioredis'
import type { Observer } from './observer.js'

/** The Redis of a run, of whatever shape. */
export interface Topology {
  /** One at each node. */
  readonly observers: readonly Observer[]
  /** What a gateway is given as `REDIS_URL`. */
  url(gateway: number): string
  /** A connection of a native publisher. */
  connect(): Redis
  /** Whether it leads to where a native publisher should publish now. */
  isWell(native: Redis): Promise<boolean>
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
