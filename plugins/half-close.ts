import type { Server } from 'node:http'
import fp from 'fastify-plugin'

/** Not in the types of Node, and the same in Node 20 to 26. */
interface HalfOpenServer extends Server {
  httpAllowHalfOpen: boolean
}

/**
 * A client may close its sending side when its request is out, as `nc -N` and some HTTP/1.0 tools do, and still wait for
 * the answer. Node's HTTP server would execute the request and end the connection without one. Now it ends the
 * connection after the answer. Streams end by themselves: see `HttpSink`.
 */
export const halfClose = fp(
  async app => {
    // Embedded in an app, the app decides how its connections end.
    if (app.prefix === '') (app.server as HalfOpenServer).httpAllowHalfOpen = true // see above
  },
  { name: 'carillon-half-close' },
)
