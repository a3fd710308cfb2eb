import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../../src/protocol/problems.js'

export interface WithoutSocketsOptions {
  /** Whether a stream can be the answer to the request without a socket. */
  readonly canStream: (request: FastifyRequest) => boolean
}

/** Where requests come by `inject`, nothing upgrades a connection, and most answers must end to be sent. */
export const withoutSockets = fp<WithoutSocketsOptions>(
  async (app, { canStream }) => {
    const refuse: onRequestHookHandler = (request, _reply, done) => {
      done(
        request.routeOptions.config.stream === true && canStream(request)
          ? undefined
          : new Problem('streams-unavailable'),
      )
    }
    app.addHook('onRoute', route => {
      if (route.config?.stream || route.config?.webSocket) route.onRequest = [refuse, ...[route.onRequest ?? []].flat()]
    })
  },
  { name: 'carillon-without-sockets' },
)
