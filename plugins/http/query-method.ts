import querystring from 'node:querystring'
import type { FastifyRequest, preValidationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../../src/protocol/problems.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The call can be made by `QUERY`, too. */
    query?: boolean
  }
}

/** The schema of a route for the method. OpenAPI 3.1 has no word for `QUERY`, and `HEAD` is like `GET`: only that is described. */
export const described = <Schema extends object>(method: 'GET' | 'HEAD' | 'QUERY', schema: Schema): Schema =>
  method === 'GET' ? schema : { ...schema, hide: true }

/** The media types in which `QUERY` takes the parameters of a call. */
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/** RFC 10008 section 3. */
const ACCEPT_QUERY = { 'accept-query': `${FORM}, ${JSON_TYPE}` }

type Parameters = Record<string, string | string[]>

/**
 * `QUERY` beside `GET`, RFC 10008: the parameters of a call in the body, for more of them than a URL holds. For everything
 * that follows, the request is like one with all of them in its URL.
 */
export const queryMethod = fp(
  async app => {
    app.addHook('onRoute', route => {
      const hook = route.method === 'QUERY' ? readContent : route.config?.query ? announce : undefined
      // Before the check of the parameters.
      if (hook) route.preValidation = [hook, ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'carillon-query-method', dependencies: ['carillon-parameters'] },
)

const announce: preValidationHookHandler = (_request, reply, done) => {
  reply.headers(ACCEPT_QUERY)
  done()
}

const readContent: preValidationHookHandler = (request, reply, done) => {
  reply.headers(ACCEPT_QUERY)
  const parameters = parse(request)
  if (parameters instanceof Problem) return done(parameters)
  request.query = merge(request.query as Parameters, parameters) // nothing has been converted yet
  done()
}

function parse({ mediaType, body }: FastifyRequest): Parameters | Problem {
  const text = String((body as Buffer | undefined) ?? '') // as plugins/http/bodies.ts leaves it
  if (mediaType === FORM) return querystring.parse(text, '&', '=', { maxKeys: 0 }) as Parameters
  if (mediaType === JSON_TYPE) return fromJson(text)
  return new Problem('unsupported-media-type', `Content-Type must be ${FORM} or ${JSON_TYPE}.`)
}

function fromJson(text: string): Parameters | Problem {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return new Problem('invalid-json', `The body is not valid JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Problem('invalid-request', 'The body must be a JSON object, such as {"channel":["news","sport"]}.')
  const entries = Object.entries(value)
  const wrong = entries.find(([, each]) => !(Array.isArray(each) ? each : [each]).every(isScalar))
  if (wrong)
    return new Problem(
      'invalid-request',
      `The value of "${wrong[0]}" must be a string, number, boolean or a list of them.`,
    )
  return Object.fromEntries(
    entries.map(([name, each]) => [name, Array.isArray(each) ? each.map(String) : String(each)]),
  )
}

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

/** A parameter in both places is one that is repeated. */
function merge(inUrl: Parameters, inBody: Parameters): Parameters {
  const names = new Set([...Object.keys(inUrl), ...Object.keys(inBody)])
  return Object.fromEntries(
    [...names].map(name => {
      const values = [inUrl[name], inBody[name]].flat().filter(value => value !== undefined)
      return [name, values.length === 1 ? (values[0] as string) : values] // there is one
    }),
  )
}
