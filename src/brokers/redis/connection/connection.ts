import type { Redis } from 'ioredis'
import { socketOf } from '../../../node-internals/redis-socket.js'
import type { Logger } from '../../../telemetry/logger.js'
import { type Lineage, readLineage } from '../commands/lineage.js'
import { ATTEMPT_AFTER_GIVING_UP, backoff, createClient, type Target } from './client.js'
import { diagnose } from './diagnosis.js'
import { ServerCheck } from './server-check.js'
import { RedisStatistics } from './statistics.js'
import { Watchdog } from './watchdog.js'

export type { Target } from './client.js'

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
   * It was up, and is not any more. Everything that Redis pushed before `lastConfirmedAt` (milliseconds
   * since 1970) has come; what it pushed later may have been lost, long before the loss was noticed.
   */
  down(lastConfirmedAt: number): void
}

/**
 * A connection that tells the truth: a command is sent at most once, now or never. Nothing waits
 * in a queue for better times, nothing is sent again after a reconnect, and what was subscribed is
 * subscribed again by the owner of the list, not behind its back.
 *
 * It never stops reconnecting, with full jitter. While it is up it is probed: a Redis that does not
 * answer is given up, and so is one that has become a replica, where a PUBLISH would be lost.
 */
export class Connection {
  readonly redis: Redis
  readonly #log: Logger
  readonly #name: string
  readonly #statistics: RedisStatistics
  readonly #timeout: number
  readonly #events: ConnectionEvents
  readonly #watchdog: Watchdog
  #probes = 0
  #isUp = false
  #isClosing = false
  #again: NodeJS.Timeout | undefined
  #unavailableReason: string | undefined = 'the connection to Redis is being made'
  readonly #server: ServerCheck
  readonly #hasHistory: boolean
  #lineage: Lineage | undefined

  constructor(settings: ConnectionSettings, events: ConnectionEvents) {
    const { target, timeout, anyRole = false, hasHistory = false, name, log } = settings
    const { statistics = new RedisStatistics() } = settings
    this.#statistics = statistics
    this.#log = log
    this.#name = name
    this.#timeout = timeout
    this.#hasHistory = hasHistory
    this.#events = events
    this.redis = createClient(target, { timeout, name })
    this.#server = new ServerCheck(this.redis, { anyRole, statistics, log })
    this.redis.on('error', (error: Error) => {
      // ioredis listens for one error of a socket, and TLS may have another: it would end the process.
      socketOf(this.redis)?.on('error', () => {})
      this.#failWith(error)
    })
    this.redis.on('ready', () => void this.#check())
    this.redis.on('close', () => this.#down())
    // ioredis gives up permanently if the Sentinels announce a new master while it asks them for the master.
    this.redis.on('end', () => {
      if (!this.#isClosing) this.#again = setTimeout(() => this.connect(), backoff(ATTEMPT_AFTER_GIVING_UP))
    })
    this.#watchdog = new Watchdog(timeout, {
      isWanted: () => this.#isUp,
      probe: () => this.#probe(),
      onSilence: () => this.#giveUp('Redis does not answer in time'),
    })
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
    this.#watchdog.close()
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
      const unavailableReason = await this.#server.whyUnusable()
      if (unavailableReason !== undefined) return this.#giveUp(unavailableReason)
      this.#lineage = this.#hasHistory ? await readLineage(this.redis) : undefined
      if (this.redis.status !== 'ready') return
      this.#isUp = true
      this.#statistics.up++
      if (this.#watchdog.lastConfirmedAt > 0) this.#statistics.reconnects++
      this.#watchdog.confirm()
      this.#unavailableReason = undefined
      this.#log.info({ connection: this.#name }, 'redis connection is up')
      this.#events.up()
    } catch (error) {
      this.#failWith(error as Error)
      // Redis was busy, or is loading. Nothing would ask again on this connection.
      if (this.redis.status === 'ready') this.redis.disconnect(true)
    }
  }

  /** Asks Redis something, and every so often whether it still is a master. */
  async #probe(): Promise<void> {
    const began = performance.now()
    if (this.#server.canAskRole && this.#probes++ % PROBES_FOR_A_ROLE === 0) {
      const unavailableReason = await this.#server.whyNoMaster()
      if (unavailableReason !== undefined) this.#giveUp(unavailableReason)
    } else {
      await this.redis.ping().catch(passReply)
    }
    this.#statistics.roundTrips.observe((performance.now() - began) / 1000)
  }

  /** Ends a connection to a server that cannot be used, and connects again later. */
  #giveUp(unavailableReason: string): void {
    this.#fail(unavailableReason)
    this.redis.disconnect(true)
  }

  #failWith(error: Error): void {
    const over = this.redis.options.tls ? 'tls' : 'plain'
    this.#fail(diagnose(error, { first: this.#watchdog.lastConfirmedAt === 0 ? over : undefined }), error)
  }

  /** Logs each reason once, no matter how many attempts to connect fail with it. */
  #fail(unavailableReason: string, error?: unknown): void {
    if (unavailableReason !== this.#unavailableReason)
      this.#log.warn({ err: error, connection: this.#name }, unavailableReason)
    this.#unavailableReason = unavailableReason
  }

  #down(): void {
    this.#watchdog.forget()
    if (!this.#isUp) return
    this.#isUp = false
    this.#statistics.up--
    if (!this.#isClosing) this.#fail('the connection to Redis was lost')
    this.#events.down(this.#watchdog.lastConfirmedAt)
  }
}

/** A refusal, as to a user that may not PING, is an answer too. */
function passReply(error: Error): void {
  if (error.name !== 'ReplyError') throw error
}

const PROBES_FOR_A_ROLE = 6
