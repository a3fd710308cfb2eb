import type { Socket } from 'node:net'
import type { onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/problems.js'
import { requestsInTurns } from '../src/turns.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers with a stream, after which the connection ends. */
    stream?: boolean
  }
}

/**
 * Nothing that was sent behind a request for a stream, on the same connection, is executed: a
 * stream is the last answer of its connection (RFC 9112 section 9.6), so that the sender of a
 * publish behind it would never hear what became of it.
 */
export const pipelining = fp(
  async app => {
    if (app.prefix === '') requestsInTurns(app.server)
    const streaming = new WeakSet<Socket>()
    app.addHook('onRequest', (request, _reply, done) => {
      if (!streaming.has(request.raw.socket)) done()
      else done(new Problem('invalid-request', 'A request that follows one for a stream needs its own connection.'))
    })

    const mark: onRequestHookHandler = ({ raw: { socket } }, reply, done) => {
      streaming.add(socket)
      // Answered with an error, it keeps its connection. Behind a stream nothing is read any more.
      reply.raw.once('close', () => streaming.delete(socket))
      done()
    }
    app.addHook('onRoute', route => {
      if (route.config?.stream) route.onRequest = [mark, ...[route.onRequest ?? []].flat()]
    })
  },
  { name: 'carillon-pipelining' },
)
