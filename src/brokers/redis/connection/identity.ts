import type { Redis } from 'ioredis'
import { orUndefined } from './optional.js'

/** A way to ask; undefined where Redis refuses the command, or its answer lacks what is asked for. */
type Way = (redis: Redis) => Promise<string | undefined>

/**
 * What a server says about itself. Managed services lack some of the commands, and users may lack the right to them, so
 * there are several ways to each fact. One that leads nowhere is not taken again on the same connection.
 */
export class Identity {
  readonly #redis: Redis
  #roleWays: readonly Way[] = ROLE_WAYS
  #isRoleKnown = true

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** A new connection may lead to another server. */
  forget(): void {
    this.#roleWays = ROLE_WAYS
    this.#isRoleKnown = true
  }

  /** False if the server was asked and refused to answer. */
  get isRoleKnown(): boolean {
    return this.#isRoleKnown
  }

  /** `master`, or what else it is. Rejects when the server cannot answer now. */
  async role(): Promise<string | undefined> {
    for (const way of this.#roleWays) {
      const role = await way(this.#redis)
      if (role !== undefined) return role
      this.#roleWays = this.#roleWays.slice(1)
    }
    this.#isRoleKnown = false
    return undefined
  }

  /** As in `7.0.15`. Rejects when the server cannot answer now. */
  async version(): Promise<string | undefined> {
    for (const way of VERSION_WAYS) {
      const version = await way(this.#redis)
      if (version !== undefined) return version
    }
    return undefined
  }
}

const byRole: Way = async redis => {
  const answer = await orUndefined(redis.role())
  return Array.isArray(answer) ? String(answer[0]) : undefined
}

/** Without arguments it changes nothing on the connection. */
const byHello =
  (field: string): Way =>
  async redis => {
    const answer = await orUndefined(redis.call('hello'))
    // A map of RESP3, or in RESP2 names and values in turns.
    const pairs: unknown[] = Array.isArray(answer) ? answer : Object.entries(answer ?? {}).flat()
    const at = pairs.indexOf(field)
    return at === -1 ? undefined : String(pairs[at + 1])
  }

const byInfo =
  (section: string, field: string): Way =>
  async redis => {
    const text = String(await orUndefined(redis.info(section)))
    // Unchecked expression: `field` is one of the words below.
    return new RegExp(`^${field}:(\\S+)`, 'm').exec(text)?.[1]
  }

const ROLE_WAYS = [byRole, byHello('role'), byInfo('replication', 'role')]
const VERSION_WAYS = [byInfo('server', 'redis_version'), byHello('version')]
