import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { shown } from '../../src/messages/name-faults.js'
import { Problem } from '../../src/protocol/problems.js'
import { LogBudget } from '../../src/telemetry/log-budget.js'
import { answer } from '../problems.js'
import { Origins, type Provenance } from './allowed-origins.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request comes from, as far as its browser reports it. */
    provenance: Exclude<Provenance, 'foreign'>
  }
}

/**
 * Which pages may use the gateway. A request of a page that may not is refused before anything is
 * done, with any method: also a "simple" POST, which a browser sends without a preflight, and
 * an upgrade, for which no browser ever asks. Pages that may get the headers of CORS.
 */
export const origins = fp<{ allowed: string; local?: boolean; headers?: string | undefined }>(
  async (app, { allowed, local = false, headers }) => {
    const preflight = preflightHeaders(headers)
    const origins = new Origins(allowed, { local })
    const budget = new LogBudget(LINES_PER_SECOND)
    app.decorateRequest('provenance', 'none')
    app.addHook('onRequest', (request, reply, done) => {
      if (!admit(origins, request, reply)) {
        const { origin } = request.headers
        if (budget.take()) request.log.warn({ origin, setting: 'ALLOWED_ORIGINS' }, REFUSED)
        return done(originRefused(origin))
      }
      if (request.method === 'OPTIONS' && isPreflight(request)) reply.code(204).headers(preflight).send()
      else done()
    })
  },
  { name: 'carillon-origins' },
)

/** The same for errors that Fastify meets before there is a route, where no hook runs. */
export function answerUnrouted(allowed: string, local: boolean): typeof answer {
  const origins = new Origins(allowed, { local })
  return (error, request, reply) =>
    answer(admit(origins, request, reply) ? error : originRefused(request.headers.origin), request, reply)
}

const LINES_PER_SECOND = 1
const REFUSED = 'a request of a web page was refused, because ALLOWED_ORIGINS does not contain its origin'

const originRefused = (origin: string | undefined): Problem =>
  origin === undefined
    ? new Problem('origin-refused')
    : new Problem('origin-refused', `ALLOWED_ORIGINS does not contain the origin ${shown(origin)} of the web page.`)

/** Adds to what an answer varies with, by which `Vary: Origin` stays. */
export function addVary(reply: FastifyReply, name: string): void {
  const known = reply.getHeader('vary')
  reply.header('vary', known === undefined ? name : `${known}, ${name}`)
}

/** Finds out where the request comes from, and sets the CORS headers of its answer. False when it must not be served. */
function admit(origins: Origins, request: FastifyRequest, reply: FastifyReply): boolean {
  const { headers } = request
  // Caches must know, also where this request says nothing.
  if (origins.crossOrigin) reply.header('vary', 'Origin')
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return true
  const provenance = origins.judge(headers, request.host || undefined)
  if (provenance === 'foreign') {
    reply.header('vary', 'Origin')
    return false
  }
  request.provenance = provenance
  // Credentials only ever go to an origin that is named.
  if (provenance === 'listed')
    reply.headers({
      ...EXPOSED,
      'access-control-allow-origin': headers.origin,
      'access-control-allow-credentials': 'true',
    })
  else if (provenance === 'any') reply.headers({ ...EXPOSED, 'access-control-allow-origin': '*' })
  return true
}

/** A CORS preflight request: Fetch Standard, section 3.2.2. */
const isPreflight = ({ provenance, headers }: FastifyRequest): boolean =>
  (provenance === 'listed' || provenance === 'any') && headers['access-control-request-method'] !== undefined

/** Response headers that pages of other origins may read, in addition to those that CORS always allows. */
const EXPOSED = { 'access-control-expose-headers': 'Allow, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate' }

/** Methods and headers that they may send, and how long a browser may cache this. A shortened list takes effect after that. */
const preflightHeaders = (more: string | undefined) => ({
  'access-control-allow-methods': 'GET, HEAD, POST, QUERY, DELETE',
  'access-control-allow-headers': [...ALLOWED_HEADERS, ...(more?.split(',').map(name => name.trim()) ?? [])].join(', '),
  'access-control-max-age': '600',
})

const ALLOWED_HEADERS = [
  'Authorization',
  'X-API-Key',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  // Headers that tracing and common HTTP clients add to every request. The gateway reads `traceparent` and `tracestate` only.
  'Traceparent',
  'Tracestate',
  'Baggage',
  'Sentry-Trace',
  'X-Requested-With',
  // Headers that `@upstash/redis` sends.
  'Cache-Control',
  'Upstash-Encoding',
  'Upstash-Sync-Token',
  'Upstash-Telemetry-Platform',
  'Upstash-Telemetry-Retry',
  'Upstash-Telemetry-Runtime',
  'Upstash-Telemetry-Sdk',
]
