import { Redis, type RedisOptions } from 'ioredis'

/** `replyMapping` is left out: it would change what every reply looks like, types included. */
export type Target = Omit<RedisOptions, 'replyMapping'>

/**
 * A client that sends a command now or never: without a queue for better times, and without sending or subscribing again
 * after a reconnect. It never stops reconnecting.
 */
export const createClient = (target: Target, { timeout, name }: { timeout: number; name: string }): Redis =>
  new Redis({
    ...target,
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: timeout * PATIENCE,
    // While the connection is being made nothing else watches it.
    socketTimeout: timeout * PATIENCE,
    disconnectTimeout: DISCONNECT_MS,
    sentinelCommandTimeout: timeout,
    sentinelRetryStrategy: backoff,
    failoverDetector: true,
    retryStrategy: backoff,
    lazyConnect: true,
    // `ServerCheck` asks for more; this one writes to the console where INFO is not allowed.
    enableReadyCheck: false,
  } satisfies RedisOptions)

/** Timeouts that making a connection may take: a name to look up, TLS, a busy machine at its start. */
const PATIENCE = 3
/** How long a connection that was given up may still say goodbye. */
const DISCONNECT_MS = 50

/** Full jitter: gateways that lost the same Redis do not reconnect all at once. */
export const backoff = (attempt: number): number =>
  Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt - 1, 10))

const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000
/** The number of the attempt that follows when the driver has given up. */
export const ATTEMPT_AFTER_GIVING_UP = 3
