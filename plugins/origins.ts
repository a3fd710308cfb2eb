import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Origins, type Provenance } from '../src/origins.js'
import { Problem } from '../src/problems.js'
import { answer } from './problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where it comes from, as far as its browser tells. */
    provenance: Exclude<Provenance, 'foreign'>
  }
}

/**
 * Which pages may use the gateway. A request of a page that may not is refused before anything is
 * done, whatever its method: also a "simple" POST, which a browser sends without asking first, and
 * an upgrade, for which no browser ever asks.
 */
export const origins = fp<{ allowed: string }>(
  async (app, { allowed }) => {
    const origins = new Origins(allowed)
    app.decorateRequest('provenance', 'none')
    app.addHook('onRequest', (request, reply, done) => {
      const provenance = judge(origins, request)
      if (provenance === 'foreign') {
        reply.header('vary', 'Origin')
        return done(new Problem('origin-refused'))
      }
      request.provenance = provenance
      done()
    })
    if (!origins.crossOrigin) return

    const { default: cors } = await import('@fastify/cors') // not loaded where no other page is wanted
    await app.register(cors, {
      // Each answer that it is asked about varies with the origin; one to no page, or to an own one, needs no more.
      delegator: (request, decide) => {
        const isPreflight = request.headers['access-control-request-method'] !== undefined
        const wanted = request.method !== 'OPTIONS' || isPreflight
        decide(null, { ...COMMON, ...(wanted ? grant(request) : NOTHING) })
      },
    })
  },
  { name: 'carillon-origins' },
)

/** The same for errors that Fastify meets before there is a route, where no hook runs. */
export function answerUnrouted(allowed: string): typeof answer {
  const origins = new Origins(allowed)
  return (error, request, reply) => {
    const provenance = judge(origins, request)
    if (provenance === 'foreign') return answer(new Problem('origin-refused'), request, reply.header('vary', 'Origin'))
    request.provenance = provenance
    const { origin, credentials } = grant(request)
    if (origins.crossOrigin) reply.header('vary', 'Origin')
    if (origin !== false) reply.header('access-control-allow-origin', origin)
    if (credentials) reply.header('access-control-allow-credentials', 'true')
    return answer(error, request, reply)
  }
}

/** Adds to what an answer varies with, by which `Vary: Origin` stays. */
export function addVary(reply: FastifyReply, name: string): void {
  const known = reply.getHeader('vary')
  reply.header('vary', known === undefined ? name : `${known}, ${name}`)
}

const judge = (origins: Origins, request: FastifyRequest): Provenance =>
  origins.judge(request.headers, request.host || undefined)

/** What pages of other origins may send beside what CORS always allows. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'Traceparent',
  'Tracestate',
]
/** What pages of other origins may read of an answer's head beside what CORS always allows. */
const EXPOSED_HEADERS = ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'WWW-Authenticate']
/** How long a browser may go without asking again; a list that was shortened is obeyed after that. */
const PREFLIGHT_SECONDS = 600
const COMMON = {
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  allowedHeaders: ALLOWED_HEADERS,
  exposedHeaders: EXPOSED_HEADERS,
  maxAge: PREFLIGHT_SECONDS,
}
const NOTHING = { origin: false as const, credentials: false }

/** Credentials only ever go to an origin that is named. */
function grant({ provenance, headers }: FastifyRequest): { origin: string | false; credentials: boolean } {
  if (provenance === 'listed') return { origin: headers.origin ?? false, credentials: true }
  return provenance === 'any' ? { origin: '*', credentials: false } : NOTHING
}
