import type { onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../../src/protocol/problems.js'

/** Where requests come by `inject`, a stream would have nothing to be written to, and would wait for ever. */
export const withoutSockets = fp(
  async app => {
    const refuse: onRequestHookHandler = (_request, _reply, done) => done(new Problem('streams-unavailable'))
    app.addHook('onRoute', route => {
      if (route.config?.stream || route.config?.webSocket) route.onRequest = [refuse, ...[route.onRequest ?? []].flat()]
    })
  },
  { name: 'carillon-without-sockets' },
)
