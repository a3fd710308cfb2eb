import { createHash } from 'node:crypto'

/**
 * Whether there is no other spelling of the token: no padding, and nothing in the bits that the last character of a part has
 * left over. Decoders take all spellings for the same. RFC 7515 section 2, RFC 4648 section 3.5.
 */
export function isCanonical(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every(part => Buffer.from(part, 'base64url').toString('base64url') === part)
}

/**
 * Whom a token speaks for: the same for all tokens of one subject. Without a subject each token is somebody else. What tells
 * it from others then is what is signed, and not the signature: anybody can make a second one of an ES256 signature.
 */
export function identityOf(issuer: unknown, subject: string | undefined, token: string): { id: string; name: string } {
  if (subject === undefined) {
    const signed = token.slice(0, token.lastIndexOf('.'))
    return { id: idOf([issuer, null, sha256(signed)]), name: 'a token without a subject' }
  }
  const name = subject.length <= MAX_LENGTH ? subject : `a subject with the SHA-256 ${sha256(subject)}`
  return { id: idOf([issuer, subject]), name }
}

/** A long identity is hashed, because limits, streams and logs each keep a copy. */
function idOf(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts)
  return `token:${text.length <= MAX_LENGTH ? text : sha256(text)}`
}

const MAX_LENGTH = 512

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64')
