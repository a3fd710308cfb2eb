import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import websocket from '@fastify/websocket'
import fp from 'fastify-plugin'
import { declineUpgrade } from '../src/decline-upgrade.js'
import type { StreamRefusal } from '../src/limits.js'
import { endAfterAnswers, hasPendingAnswers } from '../src/pending-answers.js'
import { Problem } from '../src/problems.js'
import type { WebSocketSink } from '../src/sinks/web-socket.js'
import type { Stream } from '../src/stream.js'
import { answerClientError } from './problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The stream that a WebSocket route prepares while the request still is HTTP. */
    stream: {
      readonly stream: Stream
      readonly sink: WebSocketSink
      readonly refused: StreamRefusal | undefined
    } | null
  }
  interface FastifyContextConfig {
    /** The route takes WebSocket upgrades. */
    webSocket?: boolean
  }
}

/** WebSockets by `@fastify/websocket`; ends of streams are the hub's business, also at shutdown. */
export const webSocket = fp<{ maxMessageBytes: number }>(
  async (app, { maxMessageBytes }) => {
    const { server } = app
    const upgrades = new EventEmitter()
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      // An upgrade takes the connection away at once: it cannot stand behind others in a pipeline.
      if (hasPendingAnswers(socket)) endAfterAnswers(socket)
      else if (/^websocket$/i.test(request.headers.upgrade ?? '')) upgrades.emit('upgrade', request, socket, head)
      else declineUpgrade(server, request, socket, head)
    })
    await app.register(websocket, {
      options: {
        // The plugin only listens there for upgrades: it shall hear of those to WebSocket.
        server: upgrades as Server,
        // A frame of the multiplexed protocol holds the message as a JSON string, six characters for a byte at worst.
        maxPayload: maxMessageBytes * 6 + 4096,
        perMessageDeflate: false,
        clientTracking: false,
      },
      preClose: done => done(),
      errorHandler: (error, socket, request) => {
        request.log.info({ err: error }, 'websocket error')
        socket.terminate()
      },
    })
    app.websocketServer.on('wsClientError', (error, socket) => {
      answerClientError(
        new Problem('invalid-request', `The WebSocket handshake is wrong: ${error.message}.`),
        socket as Socket,
      )
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
