import type { RemoteJWKSet } from 'jose'
import { Problem } from '../../protocol/problems.js'
import { withoutSecrets } from '../../telemetry/clean-error.js'
import type { Logger } from '../../telemetry/logger.js'
import { keysOfSet, type TokenKeys } from './token-keys.js'

export interface RemoteKeysOptions {
  readonly url: string
  /** How old the keys may get before they are fetched again. */
  readonly refreshSeconds: number
  readonly log: Logger
  /** Milliseconds that only go forward. */
  readonly now?: () => number
}

/**
 * The keys of an identity provider, at the URL that the settings name and at no other. They are fetched at the
 * start, again and again, and when none of those that are there has signed a token: but not more often than
 * `COOLDOWN_MS` allows, as anybody can make up tokens. While the provider is away the last keys stay good.
 */
export class RemoteKeys {
  readonly #keys: TokenKeys
  readonly #source: RemoteJWKSet
  readonly #url: string
  /** The URL without the parts that may be secret. */
  readonly #shownUrl: string
  readonly #log: Logger
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  #pending: Promise<void> | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #hasKeys = false
  #lastError = ''

  constructor(
    source: RemoteJWKSet,
    keys: TokenKeys,
    { url, refreshSeconds, log, now = () => performance.now() }: RemoteKeysOptions,
  ) {
    this.#source = source
    this.#keys = keys
    this.#url = url
    this.#shownUrl = withoutSecrets(url)
    this.#log = log
    this.#now = now
    this.#timer = setInterval(() => void this.#fetch(), refreshSeconds * 1000).unref()
    void this.#fetch()
  }

  /**
   * Looks for a key that is missing. Resolves when the set has been fetched, or was fetched a moment ago.
   * @throws Problem `token-keys-unavailable` while there never were any
   */
  async lookAgain(): Promise<void> {
    if (this.#pending || this.#now() - this.#triedAt > COOLDOWN_MS) await this.#fetch()
    if (!this.#hasKeys) throw new Problem('token-keys-unavailable', undefined, { 'retry-after': '5' })
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Never rejects: each new error is logged once. */
  #fetch(): Promise<void> {
    this.#pending ??= this.#load().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #load(): Promise<void> {
    this.#triedAt = this.#now()
    try {
      const keys = await fetchKeys(this.#source)
      this.#keys.replace(this.#url, keys)
      if (!this.#hasKeys || this.#lastError !== '')
        this.#log.info({ url: this.#shownUrl, keys: keys.length }, 'fetched the keys for tokens')
      this.#hasKeys = true
      this.#lastError = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#lastError)
        this.#log.warn({ err: error, url: this.#shownUrl }, 'cannot fetch the keys for tokens')
      this.#lastError = message
    }
  }
}

/** @throws Error that describes the problem with the set or with its server */
export async function fetchKeys(source: RemoteJWKSet): Promise<ReturnType<typeof keysOfSet>> {
  await source.reload()
  const keys = keysOfSet(source.jwks()?.keys ?? [])
  if (keys.length === 0) throw new Error('there is no key for RS256, ES256 or EdDSA')
  // Keys without a `kid` are tried one after the other for each forged token, so their number is bounded.
  if (keys.length > MAX_KEYS) throw new Error(`there are more than ${MAX_KEYS} keys`)
  return keys
}

/** Between two attempts that a token can cause. */
const COOLDOWN_MS = 5000
const MAX_KEYS = 100

/** The set at the URL, for `RemoteKeys`. `jose` alone would read an answer of any size until its timeout. */
export const remoteKeySet = (
  { createRemoteJWKSet, customFetch }: typeof import('jose'),
  url: URL,
  { timeoutMs = TIMEOUT_MS } = {},
): RemoteJWKSet => createRemoteJWKSet(url, { timeoutDuration: timeoutMs, [customFetch]: fetchSmall })

async function fetchSmall(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > MAX_SET_BYTES) throw new Error(`the answer is over ${MAX_SET_BYTES} bytes`) // leaving the loop ends the connection
    parts.push(part)
  }
  return new Response(Buffer.concat(parts), { status: response.status })
}

const MAX_SET_BYTES = 1024 * 1024
const TIMEOUT_MS = 5000
