import { Problem } from '../protocol/problems.js'
import type { Caller } from './caller.js'

/** The same words whatever exists: a refusal tells nothing about the channel. */
export const refusal = ({ by }: Caller): Problem =>
  by === 'anonymous'
    ? unauthenticated()
    : new Problem('forbidden', undefined, {
        'www-authenticate': 'Bearer realm="carillon", error="insufficient_scope"',
      })

/** RFC 9110 section 11.6.1: a 401 says how to do better. */
export const unauthenticated = (): Problem =>
  new Problem('unauthenticated', undefined, { 'www-authenticate': 'Bearer realm="carillon"' })

/** RFC 6750 section 3.1. What exactly is wrong stands in the log; whoever made a token up is not told. */
export function invalidCredentials(detail?: string): Problem {
  const description = detail === undefined ? '' : `, error_description="${detail}"`
  return new Problem('invalid-credentials', detail, {
    'www-authenticate': `Bearer realm="carillon", error="invalid_token"${description}`,
  })
}
