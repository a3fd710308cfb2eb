import type { JWTPayload } from 'jose'
import { Problem } from '../../protocol/problems.js'
import type { Logger } from '../../telemetry/logger.js'
import { invalidCredentials } from '../authorization.js'
import type { Caller, Credential } from '../caller.js'
import { Grants, type Rules } from '../grants.js'
import { forSubject, readRules } from '../rules.js'
import { CheckedTokens } from './checked-tokens.js'
import type { RemoteKeys } from './remote-keys.js'
import { identityOf, isCanonical, sha256 } from './token-identity.js'
import type { Algorithm, TokenKey, TokenKeys } from './token-keys.js'

export interface TokenRules {
  /** Accepted values of `iss` and `aud`; empty: tokens need not have one. A token with an `aud` needs one that is accepted. */
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  /** The only `typ` that is accepted; by default that of plain JWTs and access tokens, or none. */
  readonly type: string | undefined
  /** How far the clocks of the issuer and the gateway may be apart. */
  readonly toleranceSeconds: number
  /** 0: as long as `exp` says. */
  readonly maxAgeSeconds: number
  /** The claim with the rights. */
  readonly claim: string
  /** The rights that every token grants. */
  readonly grants: Rules
}

/** As much of `jose` as is needed; loaded only where there are tokens. */
export type Jose = Pick<typeof import('jose'), 'jwtVerify' | 'decodeProtectedHeader' | 'errors'>

interface Parts {
  readonly jose: Jose
  readonly keys: TokenKeys
  readonly remote: RemoteKeys | undefined
  readonly rules: TokenRules
  readonly log: Logger
}

/** Checks JSON Web Tokens after RFC 7519 and RFC 8725. */
export class Tokens {
  readonly #parts: Parts
  /**
   * Whether a signature is right is a matter of the bytes and the key alone, and both are the same the next time. What
   * can change meanwhile is looked at on each use: the time, and whether the key is still there.
   */
  readonly #checked = new CheckedTokens()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * The caller that the token speaks for. Returns synchronously if the token has been checked before.
   * @throws Problem `invalid-credentials`, `token-keys-unavailable`
   */
  authenticate(token: string): Caller | Promise<Caller> {
    const hash = sha256(token)
    return this.#checked.get(hash) ?? this.#check(token, hash)
  }

  async #check(token: string, hash: string): Promise<Caller> {
    try {
      const { payload, signer } = await this.#verify(token)
      const caller = this.#callerOf(payload, signer, token)
      this.#checked.set(hash, caller)
      return caller
    } catch (error) {
      if (error instanceof Problem && error.type === 'token-keys-unavailable') throw error
      const { message, code } = error as Error & { code?: string }
      this.#parts.log.debug({ reason: message }, 'a token was refused')
      throw invalidCredentials(code === 'ERR_JWT_EXPIRED' ? EXPIRED : undefined)
    }
  }

  async #verify(token: string): Promise<{ payload: JWTPayload; signer: TokenKey }> {
    const { jose, keys, remote } = this.#parts
    if (!isCanonical(token)) throw new Error('the token is not in the canonical form of base64url')
    const header = jose.decodeProtectedHeader(token)
    const algorithm = ALGORITHMS[header.alg ?? '']
    if (algorithm === undefined) throw new Error(`the algorithm ${JSON.stringify(header.alg)} is not taken`)
    for (const name of FOREIGN_KEYS) if (name in header) throw new Error(`the token brings a key of its own (${name})`)
    if ('crit' in header) throw new Error('the token asks for an extension (crit)')
    if (!this.#isTaken(header.typ)) throw new Error(`the type ${JSON.stringify(header.typ)} is not taken`)

    const known = keys.candidates(algorithm, header.kid)
    const verified = await this.#verifyWith(known, token, header.alg)
    if (verified) return verified
    // The provider may have others by now. A key without kid is a candidate for any token, so that there are
    // candidates does not mean that the signer is among them.
    if (remote && algorithm !== 'HS256') {
      await remote.lookAgain()
      const others = keys.candidates(algorithm, header.kid).filter(key => !known.includes(key))
      const verifiedNow = await this.#verifyWith(others, token, header.alg)
      if (verifiedNow) return verifiedNow
    }
    throw new Error(known.length === 0 ? 'no key is known that could have signed it' : 'the signature is wrong')
  }

  /** Undefined when none of the keys has signed it. */
  async #verifyWith(
    candidates: readonly TokenKey[],
    token: string,
    algorithm = '',
  ): Promise<{ payload: JWTPayload; signer: TokenKey } | undefined> {
    const { jose, rules } = this.#parts
    for (const signer of candidates) {
      try {
        const { payload } = await jose.jwtVerify(token, signer.key, {
          algorithms: [algorithm],
          clockTolerance: rules.toleranceSeconds,
          // A token cannot be revoked alone, so it must expire.
          requiredClaims: ['exp'],
          ...(rules.issuers.length > 0 && { issuer: [...rules.issuers] }),
          ...(rules.audiences.length > 0 && { audience: [...rules.audiences] }),
          ...(rules.maxAgeSeconds > 0 && { maxTokenAge: rules.maxAgeSeconds }),
        })
        // RFC 7519 section 4.1.3: reject a token whose audience does not include the gateway.
        if (payload.aud !== undefined && rules.audiences.length === 0)
          throw new Error('the token is for an audience (aud), and JWT_AUDIENCE is not set')
        return { payload, signer }
      } catch (error) {
        if (!(error instanceof jose.errors.JWSSignatureVerificationFailed)) throw error
      }
    }
    return undefined
  }

  /** RFC 8725 section 3.11: a token that was made for something else is none for us. */
  #isTaken(type: unknown): boolean {
    const wanted = this.#parts.rules.type
    const found = typeof type === 'string' ? normalType(type) : type
    if (wanted !== undefined) return found === normalType(wanted)
    return found === undefined || found === 'jwt' || found === 'at+jwt'
  }

  #callerOf(payload: JWTPayload, { credential: key }: TokenKey, token: string): Caller {
    const { claim, grants, toleranceSeconds, maxAgeSeconds } = this.#parts.rules
    const { iss = '', sub, exp = 0, iat = 0 } = payload
    // RFC 7519 section 4.1.2; its type has not been checked yet, and a list would be treated as its content.
    if (sub !== undefined && typeof sub !== 'string') throw new Error('the subject (sub) is no string')
    const claimed = payload[claim] === undefined ? {} : readRules(payload[claim])
    const ends = maxAgeSeconds > 0 ? Math.min(exp, iat + maxAgeSeconds) : exp
    const credential: Credential = {
      get revoked() {
        return key.revoked
      },
      proof: key.proof,
    }
    return {
      ...identityOf(iss, sub, token),
      by: 'token',
      grants: new Grants(forSubject(merge(grants, claimed), sub)),
      expiresAt: (ends + toleranceSeconds) * 1000,
      credential,
    }
  }
}

/** As tokens name them; `Ed25519` is what RFC 9864 calls the only EdDSA there is here. `none` is not among them. */
const ALGORITHMS: Readonly<Record<string, Algorithm | undefined>> = Object.assign(Object.create(null), {
  HS256: 'HS256',
  RS256: 'RS256',
  ES256: 'ES256',
  EdDSA: 'EdDSA',
  Ed25519: 'EdDSA',
})

/** Header parameters by which a token would say itself what to trust it by. RFC 8725 sections 2.9 and 3.10. */
const FOREIGN_KEYS = ['jku', 'x5u', 'jwk', 'x5c']

const EXPIRED = 'The token has expired.'

/** RFC 7515 section 4.1.9: media types, of which `application/` may be left out, in any case. */
const normalType = (type: string): string => type.toLowerCase().replace(/^application\//, '')

function merge(a: Rules, b: Rules): Rules {
  const merged: { -readonly [Right in keyof Rules]: Rules[Right] } = { ...a }
  for (const right of ['publish', 'subscribe', 'inspect', 'admin'] as const) {
    const patterns = [...(a[right] ?? []), ...(b[right] ?? [])]
    if (patterns.length > 0) merged[right] = patterns
  }
  return merged
}
