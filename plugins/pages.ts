import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import fp from 'fastify-plugin'
import { SECURITY_HEADERS } from './http/security-headers.js'

type Directives = Record<string, Iterable<string>>

/**
 * For a scope whose routes answer with pages: the headers of `@fastify/helmet`, around a policy
 * that allows nothing but what the page asks for, such as `{ scriptSrc: ["'self'"] }`.
 */
export const pages = fp<{ allow?: Directives }>(
  async (app, { allow = {} }) => {
    // The default headers of all answers would take precedence over those of helmet.
    app.addHook('onRequest', (_request, reply, done) => {
      for (const name of Object.keys(SECURITY_HEADERS)) reply.removeHeader(name)
      done()
    })
    await app.register(helmet, {
      ...OPTIONS,
      contentSecurityPolicy: { useDefaults: false, directives: { ...STRICT, ...allow } },
    })
  },
  { name: 'carillon-pages' },
)

const STRICT: Directives = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
}

const OPTIONS: FastifyHelmetOptions = {
  // Only the server that terminates TLS can promise it, and for which names.
  strictTransportSecurity: false,
  xFrameOptions: { action: 'deny' },
}
