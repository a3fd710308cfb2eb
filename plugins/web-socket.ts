import websocket from '@fastify/websocket'
import fp from 'fastify-plugin'
import { Problem } from '../src/problems.js'
import type { WebSocketSink } from '../src/sinks/web-socket.js'
import type { Stream } from '../src/streams.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The stream that a WebSocket route prepares while the request still is HTTP. */
    stream: { readonly stream: Stream; readonly sink: WebSocketSink } | null
  }
  interface FastifyContextConfig {
    /** The route takes WebSocket upgrades. */
    webSocket?: boolean
  }
}

/** WebSockets by `@fastify/websocket`; ends of streams are the hub's business, also at shutdown. */
export const webSocket = fp<{ maxMessageBytes: number }>(
  async (app, { maxMessageBytes }) => {
    await app.register(websocket, {
      options: {
        // A frame of the multiplexed protocol holds the message in base64, and some words around it.
        maxPayload: Math.ceil(maxMessageBytes / 3) * 4 + 4096,
        perMessageDeflate: false,
        clientTracking: false,
      },
      preClose: done => done(),
      errorHandler: (error, socket, request) => {
        request.log.info({ err: error }, 'websocket error')
        socket.terminate()
      },
    })
    app.decorateRequest('stream', null)
    // An upgrade is refused while it still is HTTP, not accepted and then closed.
    app.addHook('onRequest', (request, _reply, done) => {
      if (!request.ws || request.is404 || request.routeOptions.config.webSocket) done()
      else done(new Problem('invalid-request', 'This path does not speak WebSocket.'))
    })
  },
  { name: 'carillon-web-socket' },
)
