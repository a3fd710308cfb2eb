import fp from 'fastify-plugin'
import type { Gateway } from '../src/gateway.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked so often, and by machines, that nobody wants to read of it. */
    quiet?: boolean
  }
}

/** What is told of each request when it is over. */
export const requests = fp<{ gateway: Gateway }>(
  async (app, { gateway: { counters } }) => {
    app.addHook('onResponse', (request, reply, done) => {
      const { url = UNMATCHED, config } = request.routeOptions
      if (!config?.quiet) counters.request(request.method, url, reply.statusCode, reply.elapsedTime / 1000)
      done()
    })
  },
  { name: 'carillon-requests' },
)

/** The path is anybody's to choose. */
const UNMATCHED = 'none'
