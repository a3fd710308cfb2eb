import type { EphemeralStore } from '../brokers/ephemeral-store.js'
import { isApiKey, type KeyRing } from './api-keys.js'
import { invalidCredentials, unauthenticated } from './authorization.js'
import { type Caller, OPEN } from './caller.js'
import { EVERYTHING, Grants, type Rules } from './grants.js'
import type { AccessMode } from './mode.js'
import { type Maker, Tickets } from './tickets.js'
import type { Tokens } from './tokens/tokens.js'

/** Pages that reveal nothing about any single channel. */
export const PAGES = ['metrics', 'openapi', 'docs', 'console'] as const
export type Page = (typeof PAGES)[number]

/** Tokens, and how to find again what one of them allowed. */
export interface TokenSide {
  readonly tokens: Tokens
  restore(proof: string): Maker | undefined
}

/** Authenticates clients and knows their rights, as configured. */
export class Access {
  readonly mode: AccessMode
  readonly publicPages: ReadonlySet<Page>
  /** The anonymous client and its rights; never `OPEN`. */
  readonly anonymous: Caller
  /** Undefined where there are none. */
  readonly tickets: Tickets | undefined
  readonly #keys: KeyRing
  readonly #tokens: Tokens | undefined
  readonly #stop: () => void

  constructor(parts: {
    mode: AccessMode
    publicPages: ReadonlySet<Page>
    anonymous: Rules | undefined
    keys: KeyRing
    tokens: TokenSide | undefined
    ephemeralStore: EphemeralStore | undefined
    stop: () => void
  }) {
    this.mode = parts.mode
    this.publicPages = parts.publicPages
    this.anonymous = {
      ...OPEN,
      id: 'anonymous',
      name: 'anonymous',
      by: 'anonymous',
      grants: new Grants(parts.anonymous ?? {}),
      credential: { revoked: false, proof: 'anonymous' },
    }
    this.#keys = parts.keys
    this.#tokens = parts.tokens?.tokens
    this.#stop = parts.stop
    const restore = (proof: string): Maker | undefined => {
      const [kind, of = ''] = proof.split(':', 2)
      if (kind === 'key') return parts.keys.restore(of)
      if (kind === 'token') return parts.tokens?.restore(proof)
      if (kind === 'anonymous') return this.anonymous
      return parts.mode === 'rules' ? undefined : { credential: OPEN.credential, grants: EVERYTHING }
    }
    this.tickets = parts.ephemeralStore && new Tickets(parts.ephemeralStore, restore)
  }

  /**
   * The caller with this key or token. Returns synchronously unless something has to be looked up.
   * @throws Problem `unauthenticated`, `invalid-credentials`, `token-keys-unavailable`
   */
  authenticate(shown: string | undefined): Caller | Promise<Caller> {
    if (shown === undefined) {
      if (this.anonymous.grants.isEmpty) throw unauthenticated()
      return this.anonymous
    }
    if (isApiKey(shown)) {
      const caller = this.#keys.find(shown)
      if (!caller) throw invalidCredentials()
      if (caller.expiresAt <= Date.now()) throw invalidCredentials('The key has expired.')
      return caller
    }
    if (!this.#tokens) throw invalidCredentials()
    return this.#tokens.authenticate(shown)
  }

  close(): void {
    this.#stop()
  }
}
