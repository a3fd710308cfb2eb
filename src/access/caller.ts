import type { CloseReason } from '../protocol/close-reasons.js'
import { EVERYTHING, type Grants } from './grants.js'

/** An authenticated client and its rights. A stream keeps it for as long as it is open. */
export interface Caller {
  /** The same for all requests of the same caller, and no secret: for limits, and to keep the idempotency keys of callers apart. */
  readonly id: string
  /** For logs. */
  readonly name: string
  /** How it was authenticated: `open` without access rules, `anonymous` without credentials. */
  readonly by: 'open' | 'anonymous' | 'key' | 'token' | 'ticket' | 'host'
  /** Many clients may share it. Limits tell them apart by their addresses. */
  readonly isShared?: boolean
  readonly grants: Grants
  /** Milliseconds since 1970; `Infinity` when it does not end by itself. */
  readonly expiresAt: number
  /** Its credential. Revoking it revokes every caller that it authenticated. */
  readonly credential: Credential
}

export interface Credential {
  readonly revoked: boolean
  /** Text by which every gateway of the fleet finds the credential again, and learns whether it still holds. No secret. */
  readonly proof: string
}

/** Everybody, where no access rules are configured. */
export const OPEN: Caller = {
  id: 'open',
  name: 'anyone',
  by: 'open',
  isShared: true,
  grants: EVERYTHING,
  expiresAt: Number.POSITIVE_INFINITY,
  credential: { revoked: false, proof: 'open' },
}

/** Why the caller may do nothing any more; undefined as long as it may. */
export function endOf({ expiresAt, credential }: Caller, now = Date.now()): CloseReason | undefined {
  if (credential.revoked) return 'access_revoked'
  return expiresAt <= now ? 'access_expired' : undefined
}
