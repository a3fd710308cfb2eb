import type { Redis } from 'ioredis'
import type { Logger } from '../../../telemetry/logger.js'
import { Identity } from './identity.js'
import type { RedisStatistics } from './statistics.js'

export interface ServerCheckOptions {
  /** A replica will do, as nothing is published there. */
  readonly anyRole: boolean
  readonly statistics: RedisStatistics
  readonly log: Logger
}

/** Whether the server behind a connection is one that the gateway can use: a master, of a version that will do. */
export class ServerCheck {
  readonly #identity: Identity
  readonly #anyRole: boolean
  readonly #statistics: RedisStatistics
  readonly #log: Logger

  constructor(redis: Redis, { anyRole, statistics, log }: ServerCheckOptions) {
    this.#identity = new Identity(redis)
    this.#anyRole = anyRole
    this.#statistics = statistics
    this.#log = log
  }

  /** For a new connection: why its server cannot be used, in words for the operator; undefined when it can. */
  async whyUnusable(): Promise<string | undefined> {
    this.#identity.forget()
    return (await this.whyNoMaster()) ?? (await this.#whyTooOld())
  }

  /** Whether the role matters, and the server has told it before. */
  get canAskRole(): boolean {
    return !this.#anyRole && this.#identity.isRoleKnown
  }

  async whyNoMaster(): Promise<string | undefined> {
    if (this.#anyRole) return undefined
    const role = await this.#identity.role()
    if (role === undefined) this.#warnOnce(ROLE_UNKNOWN)
    if (role === undefined || role === 'master') return undefined
    return 'the Redis at this address is a replica: messages published there do not reach everybody'
  }

  async #whyTooOld(): Promise<string | undefined> {
    const version = await this.#identity.version()
    if (version === undefined) this.#warnOnce(VERSION_UNKNOWN)
    const [major = 0, minor = 0] = (version ?? NEEDED_VERSION).split('.').map(Number)
    if (major > 6 || (major === 6 && minor >= 2)) return undefined
    return `Redis ${version} is too old: the gateway needs ${NEEDED_VERSION} or later`
  }

  /** Logs a fact that Redis does not reveal, once for all connections. */
  #warnOnce(shortcoming: string): void {
    if (this.#statistics.shortcomings.has(shortcoming)) return
    this.#statistics.shortcomings.add(shortcoming)
    this.#log.warn({}, shortcoming)
  }
}

const NEEDED_VERSION = '6.2'
const ROLE_UNKNOWN =
  'Redis refuses ROLE, HELLO and INFO: the gateway cannot tell a master from a replica, where messages that are published do not reach everybody'
const VERSION_UNKNOWN = `Redis refuses INFO and HELLO: the gateway cannot tell its version, and needs ${NEEDED_VERSION} or later`
