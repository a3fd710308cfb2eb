import { type TSchema, Type } from '@sinclair/typebox'
import { ProblemDetails } from '../src/protocol/problem-details.js'
import { PROBLEMS, type ProblemType } from '../src/protocol/problem-types.js'
import { problemDetails } from '../src/protocol/problems.js'

export const RETRY_AFTER = {
  'Retry-After': Type.Integer({
    format: 'int32',
    minimum: 0,
    description: 'Retry after this number of seconds.',
    examples: [1],
  }),
}

/** Header fields of a call with a rate, draft-ietf-httpapi-ratelimit-headers-10. */
export const RATE_HEADERS = {
  RateLimit: Type.String({
    description: 'The remaining quota. Absent if there is no rate limit.',
    examples: ['"publish";r=99;t=1'],
  }),
  'RateLimit-Policy': Type.String({
    description: 'The rate limit. Absent if there is none.',
    examples: ['"publish";q=100;w=1'],
  }),
}

/** Header fields that come with a problem, by its status. `Allow` comes with 405, which no described method is answered with. */
const PROBLEM_HEADERS: Partial<Record<number, Record<string, TSchema>>> = {
  401: { 'WWW-Authenticate': Type.String({ description: 'RFC 6750.', examples: ['Bearer realm="carillon"'] }) },
  403: {
    'WWW-Authenticate': Type.Optional(
      Type.String({ description: 'RFC 6750.', examples: ['Bearer realm="carillon", error="insufficient_scope"'] }),
    ),
  },
  429: { ...RETRY_AFTER, ...RATE_HEADERS },
  503: RETRY_AFTER,
}

interface ProblemResponse {
  description: string
  headers?: Record<string, TSchema>
  content: {
    'application/problem+json': {
      schema: TSchema
      /** One for each type, by its name. */
      examples: Record<string, { summary: string; value: ProblemDetails }>
    }
  }
}

/** The responses of a route for the problems it can answer with, by status. */
export function problemResponses(...types: ProblemType[]): Record<number, ProblemResponse> {
  const responses: Record<number, ProblemResponse> = {}
  for (const status of new Set(types.map(type => PROBLEMS[type][0]))) {
    const alike = [...new Set(types)].filter(type => PROBLEMS[type][0] === status)
    const headers = PROBLEM_HEADERS[status]
    responses[status] = {
      description: `${alike.map(type => `${PROBLEMS[type][1]} (\`${type}\`)`).join('; ')}.`,
      ...(headers && { headers }),
      content: {
        'application/problem+json': {
          schema: Type.Ref(ProblemDetails),
          examples: Object.fromEntries(
            alike.map(type => [type, { summary: PROBLEMS[type][1], value: problemDetails(type) }]),
          ),
        },
      },
    }
  }
  return responses
}

/** The problems that any route can answer with. */
export const ANY_REQUEST = [
  'invalid-request',
  'bad-url',
  'origin-refused',
  'unsupported-media-type',
  'request-timeout',
  'headers-too-large',
  'internal-error',
  'unsupported-transfer-coding',
] as const satisfies ProblemType[]

/** The same, on any route that is not for everybody. */
export const GUARDED_REQUEST = [
  ...ANY_REQUEST,
  'malformed-credentials',
  'credentials-in-url',
  'unauthenticated',
  'invalid-credentials',
  'forbidden',
  'too-much-to-compare',
  'no-access-rules',
  'token-keys-unavailable',
] as const satisfies ProblemType[]

/** The problems that a publish can answer with in addition. */
export const PUBLISH_REQUEST = ['rate-limited', 'overloaded'] as const satisfies ProblemType[]

/** The same, on any route with a channel in its path. */
export const CHANNEL_REQUEST = [
  ...GUARDED_REQUEST,
  'invalid-channel',
  'reserved-channel',
  'uri-too-long',
] as const satisfies ProblemType[]
