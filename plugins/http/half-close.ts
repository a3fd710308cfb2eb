import fp from 'fastify-plugin'
import { allowHalfOpen } from '../../src/node-internals/half-open.js'

/**
 * A client may close its sending side when its request is out, as `nc -N` and some HTTP/1.0 tools do, and still wait for
 * the answer. Node's HTTP server would execute the request and end the connection without one. Now it ends the
 * connection after the answer. Streams end by themselves: see `HttpSink`.
 */
export const halfClose = fp(
  async app => {
    // Embedded in an app, the app decides how its connections end.
    if (app.prefix === '') allowHalfOpen(app.server)
  },
  { name: 'carillon-half-close' },
)
