import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '../config/config.js'
import { readTime } from '../messages/time.js'
import type { Caller } from './caller.js'
import { Grants, type Rules } from './grants.js'
import { forSubject, RulesError, readRules } from './rules.js'

/**
 * A key of a backend. The configuration has only its SHA-256: a key is 256 random bits, so there is nothing
 * to guess that a slow hash would have to slow down.
 */
export interface ApiKey {
  readonly name: string
  /** In hexadecimal digits. */
  readonly sha256: string
  readonly rules: Rules
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** So that people, and those who search for leaked secrets, know one when they see it. */
const KEY_PREFIX = 'carillon_'
const KEY = /^carillon_[A-Za-z0-9_-]{43}$/

export const isApiKey = (text: string): boolean => KEY.test(text)

/** A new key, and the entry for it in the configuration. */
export function createApiKey(name: string, rules: Rules): { key: string; entry: object } {
  const key = KEY_PREFIX + randomBytes(32).toString('base64url')
  return { key, entry: { name, sha256: digest(key).toString('hex'), ...rules } }
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest()

/**
 * The keys in a setting or a file: a JSON array of `{"name","sha256","expires"?,"publish"?,"subscribe"?,…}`, or one of them.
 * @throws ConfigError that names `source`
 */
export function readApiKeys(text: string, source: string): ApiKey[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigError(`${source} is not valid JSON`)
  }
  if (typeof value !== 'object' || value === null)
    throw new ConfigError(`${source} must be a JSON array of the entries that \`carillon key\` prints, or one of them`)
  return [value].flat().map((entry: unknown, i) => {
    try {
      return readApiKey(entry)
    } catch (error) {
      if (error instanceof RulesError) throw new ConfigError(`${source}, key ${i + 1}: ${error.message}`)
      throw error
    }
  })
}

/** @throws RulesError */
function readApiKey(entry: unknown): ApiKey {
  if (typeof entry !== 'object' || entry === null) throw new RulesError('a key is an object')
  const { name, sha256, expires, ...rules } = entry as Record<string, unknown>
  if (typeof name !== 'string' || !/^[!-~]{1,64}$/.test(name))
    throw new RulesError('a key has a name of 1 to 64 visible characters')
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256))
    throw new RulesError('a key has a sha256 of 64 hexadecimal digits, as `carillon key` prints it')
  const expiresAt = expires === undefined ? Number.POSITIVE_INFINITY : readExpiry(expires)
  return { name, sha256: sha256.toLowerCase(), rules: readRules(rules), expiresAt }
}

function readExpiry(value: unknown): number {
  const time = typeof value === 'string' ? readTime(value) : undefined
  if (time !== undefined && !Number.isNaN(time)) return time
  const what = time === undefined ? 'is no date' : 'does not exist'
  throw new RulesError(`expires is ${JSON.stringify(value)}, which ${what}: use a time such as 2027-01-31T00:00:00Z`)
}

interface Entry {
  readonly text: string
  readonly digest: Buffer
  readonly credential: { revoked: boolean; proof: string }
  readonly caller: Caller
}

/** The keys that are valid now. */
export class KeyRing {
  #entries: readonly Entry[] = []

  /** Keys that are gone or have changed are revoked; the others are not disturbed. */
  replace(keys: readonly ApiKey[]): void {
    const known = new Map(this.#entries.map(entry => [entry.text, entry]))
    const entries = keys.map(key => known.get(JSON.stringify(key)) ?? createEntry(key))
    const kept = new Set(entries)
    for (const entry of this.#entries) if (!kept.has(entry)) entry.credential.revoked = true
    this.#entries = entries
  }

  find(key: string): Caller | undefined {
    return this.#findDigest(digest(key))?.caller
  }

  /** By the hash in the `credential.proof` of a caller that came from here. */
  restore(sha256: string): Caller | undefined {
    return this.#findDigest(Buffer.from(sha256, 'hex'))?.caller
  }

  /** In constant time, no matter which key it is and how much of it matches. */
  #findDigest(wanted: Buffer): Entry | undefined {
    let found: Entry | undefined
    for (const entry of this.#entries)
      if (wanted.length === entry.digest.length && timingSafeEqual(entry.digest, wanted)) found = entry
    return found
  }
}

function createEntry(key: ApiKey): Entry {
  const credential = { revoked: false, proof: `key:${key.sha256}` }
  const { name, expiresAt } = key
  return {
    text: JSON.stringify(key),
    digest: Buffer.from(key.sha256, 'hex'),
    credential,
    caller: {
      id: `key:${name}`,
      name,
      by: 'key',
      grants: new Grants(forSubject(key.rules, name)),
      expiresAt,
      credential,
    },
  }
}
