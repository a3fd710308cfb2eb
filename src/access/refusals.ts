import { Problem } from '../protocol/problems.js'
import type { Caller } from './caller.js'

/** The text is always the same, so that a refusal reveals nothing about the channel. */
export const refusal = ({ by }: Caller): Problem =>
  by === 'anonymous'
    ? unauthenticated()
    : new Problem('forbidden', undefined, {
        'www-authenticate': 'Bearer realm="carillon", error="insufficient_scope"',
      })

/** RFC 9110 section 11.6.1: a 401 names the way to authenticate. */
export const unauthenticated = (): Problem =>
  new Problem('unauthenticated', undefined, { 'www-authenticate': 'Bearer realm="carillon"' })

/** RFC 6750 section 3.1. The log has the exact cause. The answer does not, as it would help to forge a token. */
export function invalidCredentials(detail?: string): Problem {
  const description = detail === undefined ? '' : `, error_description="${detail}"`
  return new Problem('invalid-credentials', detail, {
    'www-authenticate': `Bearer realm="carillon", error="invalid_token"${description}`,
  })
}
