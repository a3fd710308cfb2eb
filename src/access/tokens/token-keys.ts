import { createHash, createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { ConfigError } from '../../config/config.js'

/**
 * The algorithms that a token may be signed with, each for one kind of key: a token says which one it uses, and only
 * the keys of that kind are ever tried. So an RSA public key, which everybody knows, is never taken for a shared secret.
 * RFC 8725 sections 3.1 and 3.2.
 */
export type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA'

export interface TokenKey {
  readonly algorithm: Algorithm
  readonly kid: string | undefined
  readonly key: KeyObject
  /** Revoked when the key is not in its source any more; `proof` names the key. */
  readonly credential: { revoked: boolean; proof: string }
}

/** A JSON Web Key (RFC 7517), with the members that are used here. */
interface Jwk {
  kty?: unknown
  crv?: unknown
  kid?: unknown
  use?: unknown
  alg?: unknown
  key_ops?: unknown
  [other: string]: unknown
}

/** All keys that a token may be signed with now, from all sources. */
export class TokenKeys {
  readonly #bySource = new Map<string, readonly TokenKey[]>()
  #all: readonly TokenKey[] = []

  /** Replaces the keys of `source`. Keys that are gone are revoked, and so are the tokens that they signed. */
  replace(source: string, keys: readonly TokenKey[]): void {
    const known = new Map(this.#bySource.get(source)?.map(key => [identity(key), key]))
    const next = keys.map(key => known.get(identity(key)) ?? key)
    const kept = new Set(next)
    for (const key of known.values()) if (!kept.has(key)) key.credential.revoked = true
    this.#bySource.set(source, next)
    this.#all = [...this.#bySource.values()].flat()
  }

  /** Those that could have signed it; a key without `kid` could have signed any. */
  candidates(algorithm: Algorithm, kid: unknown): TokenKey[] {
    return this.#all.filter(
      key => key.algorithm === algorithm && (kid === undefined || key.kid === undefined || key.kid === kid),
    )
  }

  /** Finds a key by the `credential.proof` of a caller that it signed for. */
  restore(proof: string): TokenKey | undefined {
    return this.#all.find(({ credential }) => credential.proof === proof)
  }
}

const identity = ({ kid, credential }: TokenKey): string => `${kid} ${credential.proof}`

/**
 * @throws ConfigError
 */
export function secretKey(secret: string, source: string): TokenKey {
  const bytes = Buffer.from(secret)
  // RFC 7518 section 3.2: at least as long as the hash, so that trying all secrets is hopeless.
  if (bytes.length < MIN_SECRET_BYTES) throw new ConfigError(`${source} must have at least ${MIN_SECRET_BYTES} bytes`)
  return tokenKey('HS256', undefined, createSecretKey(bytes))
}

const MIN_SECRET_BYTES = 32

/**
 * The public keys in a file: PEM, one JWK or a set of them.
 * @throws ConfigError
 */
export function publicKeys(text: string, source: string): TokenKey[] {
  const keys = text.includes('-----BEGIN') ? fromPem(text, source) : fromJson(text, source)
  if (keys.length === 0) throw new ConfigError(`${source} has no key for RS256, ES256 or EdDSA`)
  return keys
}

function fromPem(text: string, source: string): TokenKey[] {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new ConfigError(`${source} has a private key: whoever checks tokens needs the public one only`)
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) ?? []
  return blocks.map(block => {
    try {
      const key = createPublicKey(block)
      const algorithm = algorithmOf(key.export({ format: 'jwk' }) as Jwk)
      if (algorithm === undefined || isWeak(key)) throw new ConfigError(`${source}: ${WANTED}`)
      return tokenKey(algorithm, undefined, key)
    } catch (error) {
      if (error instanceof ConfigError) throw error
      throw new ConfigError(`${source} has a PEM block that cannot be read as a public key`)
    }
  })
}

const WANTED = 'keys are RSA of 2048 bits or more, EC on the curve P-256, or Ed25519'

function fromJson(text: string, source: string): TokenKey[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigError(`${source} is neither PEM nor JSON`)
  }
  const list = (value as { keys?: unknown } | null)?.keys
  const jwks = Array.isArray(list) ? list : [value]
  if (jwks.some(jwk => typeof (jwk as Jwk | null)?.d === 'string'))
    throw new ConfigError(`${source} has a private key: whoever checks tokens needs the public one only`)
  return keysOfSet(jwks)
}

/** Of a set of keys those that can be used here; a set may have others, for other uses. */
export function keysOfSet(jwks: readonly unknown[]): TokenKey[] {
  return jwks.flatMap(value => {
    if (typeof value !== 'object' || value === null) return []
    const jwk = value as Jwk
    const algorithm = algorithmOf(jwk)
    if (algorithm === undefined || !isForSignatures(jwk)) return []
    try {
      // Only the members of the public key; all others are ignored.
      const { kty, crv, n, e, x, y } = jwk
      const key = createPublicKey({ key: { kty, crv, n, e, x, y } as JsonWebKey, format: 'jwk' })
      if (isWeak(key)) return []
      return [tokenKey(algorithm, typeof jwk.kid === 'string' ? jwk.kid : undefined, key)]
    } catch {
      return [] // not a key of the type that it names
    }
  })
}

/** The key type fixes the algorithm; the token cannot choose it. A key may narrow it to one algorithm. */
function algorithmOf({ kty, crv, alg }: Jwk): Exclude<Algorithm, 'HS256'> | undefined {
  if (kty === 'RSA' && (alg === undefined || alg === 'RS256')) return 'RS256'
  if (kty === 'EC' && crv === 'P-256' && (alg === undefined || alg === 'ES256')) return 'ES256'
  const edwards = alg === undefined || alg === 'EdDSA' || alg === 'Ed25519'
  return kty === 'OKP' && crv === 'Ed25519' && edwards ? 'EdDSA' : undefined
}

const isForSignatures = ({ use, key_ops }: Jwk): boolean =>
  (use === undefined || use === 'sig') && (!Array.isArray(key_ops) || key_ops.includes('verify'))

/** RFC 7518 section 3.3. */
const isWeak = (key: KeyObject): boolean => (key.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048

function tokenKey(algorithm: Algorithm, kid: string | undefined, key: KeyObject): TokenKey {
  const bytes = key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'der' })
  return { algorithm, kid, key, credential: { revoked: false, proof: `token:${fingerprint(bytes)}` } }
}

const fingerprint = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
