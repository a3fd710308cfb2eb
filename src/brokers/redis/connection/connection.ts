import { Redis, type RedisOptions } from 'ioredis'
import { socketOf } from '../../../node-internals/redis-socket.js'
import type { Logger } from '../../../telemetry/logger.js'
import { type Lineage, readLineage } from '../commands/lineage.js'
import { diagnose } from './diagnosis.js'
import { Identity } from './identity.js'
import { RedisStatistics } from './statistics.js'

/** `replyMapping` is left out: it would change what every reply looks like, types included. */
export type Target = Omit<RedisOptions, 'replyMapping'>

export interface ConnectionSettings {
  /** Address and credentials: the options that differ between deployments. */
  readonly target: Target
  /** How long Redis may leave a command without an answer, in milliseconds, before the connection counts as dead. */
  readonly timeout: number
  /** A replica will do, as nothing is published there. */
  readonly anyRole?: boolean
  /** Histories are written over it: what the server says of its data is read. */
  readonly hasHistory?: boolean
  /** Part of the connection's name in `CLIENT LIST`, and in the log. */
  readonly name: string
  readonly log: Logger
  /** Where it counts what it sees. */
  readonly statistics?: RedisStatistics
}

export interface ConnectionEvents {
  /** It can be used: Redis is a master, of a version that will do. */
  up(): void
  /**
   * It was up, and is not any more. Whatever Redis pushed before `provenAt` (milliseconds since
   * 1970) has come; what it pushed later may have been lost, long before the loss was noticed.
   */
  down(lastConfirmedAt: number): void
}

/**
 * A connection that tells the truth: a command is sent at most once, now or never. Nothing waits
 * in a queue for better times, nothing is sent again after a reconnect, and what was subscribed is
 * subscribed again by the owner of the list, not behind its back.
 *
 * It reconnects for ever, with full jitter. While it is up it is probed: a Redis that does not
 * answer is given up, and so is one that has become a replica, where a PUBLISH would be lost.
 */
export class Connection {
  readonly redis: Redis
  readonly #log: Logger
  readonly #name: string
  readonly #statistics: RedisStatistics
  readonly #timeout: number
  readonly #events: ConnectionEvents
  readonly #watchdog: NodeJS.Timeout
  /** When the last probe was sent that has been answered. Replies and messages come in one order. */
  #lastConfirmedAt = 0
  /** When the probe was sent that has not been answered yet. */
  #probedAt: number | undefined
  #ticks = 0
  #isUp = false
  #isClosing = false
  #again: NodeJS.Timeout | undefined
  #unavailableReason: string | undefined = 'the connection to Redis is being made'
  readonly #mayAskRole: boolean
  readonly #identity: Identity
  readonly #hasHistory: boolean
  #lineage: Lineage | undefined

  constructor(
    {
      target,
      timeout,
      anyRole = false,
      hasHistory = false,
      name,
      log,
      statistics = new RedisStatistics(),
    }: ConnectionSettings,
    events: ConnectionEvents,
  ) {
    this.#statistics = statistics
    this.#log = log
    this.#name = name
    this.#timeout = timeout
    this.#mayAskRole = !anyRole
    this.#hasHistory = hasHistory
    this.#events = events
    this.redis = new Redis({
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
      // Our own check asks for more; this one writes to the console where INFO is not allowed.
      enableReadyCheck: false,
    } satisfies RedisOptions)
    this.#identity = new Identity(this.redis)
    this.redis.on('error', (error: Error) => {
      // ioredis listens for one error of a socket, and TLS may have another: it would end the process.
      socketOf(this.redis)?.on('error', () => {})
      this.#failWith(error)
    })
    this.redis.on('ready', () => void this.#check())
    this.redis.on('close', () => this.#down())
    // ioredis gives up for good when Sentinels tell of a new master while it is asking them for the master.
    this.redis.on('end', () => {
      if (!this.#isClosing) this.#again = setTimeout(() => this.connect(), backoff(ATTEMPT_AFTER_GIVING_UP))
    })
    this.#watchdog = setInterval(() => this.#watch(), timeout / TICKS).unref()
  }

  /** Why it cannot be used, in words for the operator; undefined when it can. */
  get unavailableReason(): string | undefined {
    return this.#isUp ? undefined : this.#unavailableReason
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Undefined where the server does not say it, and where no history is written. */
  get lineage(): Lineage | undefined {
    return this.#lineage
  }

  connect(): void {
    this.redis.connect().catch(() => {}) // it goes on trying; 'error' has reported why
  }

  /** Ends it for good, politely if Redis answers in time. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#watchdog)
    clearTimeout(this.#again)
    const { redis } = this
    if (redis.status === 'end') return
    await new Promise<void>(resolve => {
      // Between two attempts to connect there is nothing that could end, and no event either.
      const timer = setTimeout(resolve, this.#timeout)
      redis.once('end', () => {
        clearTimeout(timer)
        resolve()
      })
      if (redis.status === 'ready') redis.quit().catch(() => redis.disconnect())
      else redis.disconnect()
    })
    redis.disconnect()
  }

  async #check(): Promise<void> {
    try {
      this.#identity.forget()
      const unavailableReason = (await this.#askRole()) ?? (await this.#askVersion())
      if (unavailableReason !== undefined) return
      this.#lineage = this.#hasHistory ? await readLineage(this.redis) : undefined
      if (this.redis.status !== 'ready') return
      this.#isUp = true
      this.#statistics.up++
      if (this.#lastConfirmedAt > 0) this.#statistics.reconnects++
      this.#lastConfirmedAt = Date.now()
      this.#unavailableReason = undefined
      this.#log.info({ connection: this.#name }, 'redis connection is up')
      this.#events.up()
    } catch (error) {
      this.#failWith(error as Error)
      // Redis was busy, or is loading. Nothing would ask again on this connection.
      if (this.redis.status === 'ready') this.redis.disconnect(true)
    }
  }

  /**
   * Keeps one probe under way. Redis answers in order, so a probe that is not answered in time
   * stands for every command before it; one is never much older than the probe behind it.
   */
  #watch(): void {
    if (!this.#isUp) return
    if (this.#probedAt === undefined) {
      this.#probe().catch(() => {}) // a failure closes the connection, which `close` reports
    } else if (performance.now() - this.#probedAt > this.#timeout * PROBE_SHARE) {
      const probedAt = this.#probedAt
      // If it was this process that stood still, the answer is waiting to be read: after this turn it has been.
      setImmediate(() => {
        if (this.#probedAt !== probedAt) return // answered, or on another connection
        this.#fail('Redis does not answer in time')
        this.redis.disconnect(true)
      })
    }
  }

  async #probe(): Promise<void> {
    const sentAt = Date.now()
    const probedAt = performance.now()
    this.#probedAt = probedAt
    const asksRole = this.#mayAskRole && this.#identity.isRoleKnown
    if (asksRole && this.#ticks++ % TICKS === 0) await this.#askRole()
    else await this.redis.ping().catch(passReply)
    this.#statistics.roundTrips.observe((performance.now() - probedAt) / 1000)
    this.#probedAt = undefined
    this.#lastConfirmedAt = sentAt
  }

  /** Ends the connection if it leads to a replica, and returns that as the reason; otherwise undefined. */
  async #askRole(): Promise<string | undefined> {
    if (!this.#mayAskRole) return undefined
    const role = await this.#identity.role()
    if (role === undefined) this.#tellOnce(ROLE_UNKNOWN)
    if (role === undefined || role === 'master') return undefined
    return this.#giveUp('the Redis at this address is a replica: messages published there do not reach everybody')
  }

  async #askVersion(): Promise<string | undefined> {
    const version = await this.#identity.version()
    if (version === undefined) this.#tellOnce(VERSION_UNKNOWN)
    const [major = 0, minor = 0] = (version ?? NEEDED_VERSION).split('.').map(Number)
    if (major > 6 || (major === 6 && minor >= 2)) return undefined
    return this.#giveUp(`Redis ${version} is too old: the gateway needs ${NEEDED_VERSION} or later`)
  }

  /** Logs a fact that Redis does not reveal, once for all connections. */
  #tellOnce(shortcoming: string): void {
    if (this.#statistics.shortcomings.has(shortcoming)) return
    this.#statistics.shortcomings.add(shortcoming)
    this.#log.warn({}, shortcoming)
  }

  #giveUp(unavailableReason: string): string {
    this.#fail(unavailableReason)
    this.redis.disconnect(true)
    return unavailableReason
  }

  #failWith(error: Error): void {
    const over = this.redis.options.tls ? 'tls' : 'plain'
    this.#fail(diagnose(error, { first: this.#lastConfirmedAt === 0 ? over : undefined }), error)
  }

  /** Logs each reason once, no matter how many attempts to connect fail with it. */
  #fail(unavailableReason: string, error?: unknown): void {
    if (unavailableReason !== this.#unavailableReason)
      this.#log.warn({ err: error, connection: this.#name }, unavailableReason)
    this.#unavailableReason = unavailableReason
  }

  #down(): void {
    this.#probedAt = undefined
    if (!this.#isUp) return
    this.#isUp = false
    this.#statistics.up--
    if (!this.#isClosing) this.#fail('the connection to Redis was lost')
    this.#events.down(this.#lastConfirmedAt)
  }
}

/** A refusal, as to a user that may not PING, is an answer too. */
function passReply(error: Error): void {
  if (error.name !== 'ReplyError') throw error
}

const NEEDED_VERSION = '6.2'
const ROLE_UNKNOWN =
  'Redis refuses ROLE, HELLO and INFO: the gateway cannot tell a master from a replica, where messages that are published do not reach everybody'
const VERSION_UNKNOWN = `Redis refuses INFO and HELLO: the gateway cannot tell its version, and needs ${NEEDED_VERSION} or later`

/** Ticks of the watchdog in one timeout, and how much of the timeout a probe may take. */
const TICKS = 6
const PROBE_SHARE = 2 / 3
/** Timeouts that making a connection may take: a name to look up, TLS, a busy machine at its start. */
const PATIENCE = 3
/** How long a connection that was given up may still say goodbye. */
const DISCONNECT_MS = 50
const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000
/** As which attempt the first one counts after the driver has given up. */
const ATTEMPT_AFTER_GIVING_UP = 3

/** Full jitter: gateways that lost the same Redis do not reconnect all at once. */
const backoff = (attempt: number): number =>
  Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt - 1, 10))
