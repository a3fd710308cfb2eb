import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import websocket from '@fastify/websocket'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { chooseSubprotocol } from '../../src/access/credentials.js'
import type { StreamRefusal } from '../../src/limits/limits.js'
import { detachUpgraded } from '../../src/node-internals/detach.js'
import { surroundingApp } from '../../src/node-internals/surrounding-app.js'
import { Problem } from '../../src/protocol/problems.js'
import { endSoon } from '../../src/streams/sinks/end-soon.js'
import type { WebSocketSink } from '../../src/streams/sinks/web-socket.js'
import type { Stream } from '../../src/streams/stream.js'
import { answerClientError } from '../problems.js'
import { hasBody, isHandedOver, isWebSocketOffer, takeUpgrades, watchUpgrades } from './upgrades.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The stream that a WebSocket route prepares while the request still is HTTP. */
    carillonStream: {
      readonly stream: Stream
      readonly sink: WebSocketSink
      readonly refused: StreamRefusal | undefined
    } | null
    /** That of an upgrade, for `releaseRequest`. */
    upgradeReply: FastifyReply | null
  }
  interface FastifyContextConfig {
    /** The route takes WebSocket upgrades. */
    webSocket?: boolean
  }
}

/**
 * WebSockets by `@fastify/websocket`; ends of streams are the hub's business, also at shutdown. An app around the
 * gateway may have that plugin already: then it does the handshakes, by the rules that the app has given it.
 */
export const webSocket = fp<{ maxMessageBytes: number }>(
  async (app, { maxMessageBytes }) => {
    if (app.hasDecorator('websocketServer')) watchUpgrades(app.server)
    else await registerOwn(app, maxMessageBytes)
    app.decorateRequest('carillonStream', null)
    app.decorateRequest('upgradeReply', null)
    // An upgrade is refused while it still is HTTP, not accepted and then closed.
    app.addHook('onRequest', (request, reply, done) => {
      if (request.ws) request.upgradeReply = reply
      if (!request.ws || request.is404) done()
      else if (!request.routeOptions.config.webSocket)
        done(new Problem('invalid-request', 'This path does not support WebSocket.'))
      else done()
    })
    // Its body would be read as frames, and a proxy may have taken it for something else. Later versions of Node do not
    // hand such a handshake over, so that it comes as a plain request; what follows on its connection may be frames.
    app.addHook('onRequest', ({ headers }, reply, done) => {
      if (!isWebSocketOffer(headers) || !hasBody(headers)) return done()
      reply.header('connection', 'close')
      done(new Problem('invalid-request', 'A WebSocket handshake must not have a body.'))
    })
    // One that a hook of the app around it has refused, before the plugin's own hook saw it: nothing else would end its connection.
    app.addHook('onResponse', (request, _reply, done) => {
      const isUnseen = !request.ws && !request.upgradeReply
      if (isUnseen && isHandedOver(request.raw)) endSoon(request.raw.socket)
      done()
    })
  },
  { name: 'carillon-web-socket' },
)

/**
 * Call it when the handshake is done. A WebSocket stays open for hours and must not keep its request, its
 * reply and everything they refer to. For Fastify the request is over. No listener may be left that knows the request.
 */
export function releaseRequest(webSocket: WebSocket, request: FastifyRequest, log: FastifyBaseLogger): void {
  webSocket.removeAllListeners('error')
  webSocket.on('error', function (error) {
    log.info({ err: error }, 'websocket error')
    this.terminate()
  })
  const { upgradeReply, raw } = request
  request.ws = false // or the end of the request would be that of the connection
  if (upgradeReply) detachUpgraded(upgradeReply.raw, raw.socket)
}

async function registerOwn(app: FastifyInstance, maxMessageBytes: number): Promise<void> {
  const upgrades = new EventEmitter()
  takeUpgrades(app.server, app.prefix, (...upgrade) => upgrades.emit('upgrade', ...upgrade))
  await app.register(websocket, {
    options: {
      // The plugin only listens there for upgrades. It must get only those of the gateway.
      server: upgrades as Server,
      // A frame of the multiplexed protocol holds the message as a JSON string, six characters for a byte at worst.
      maxPayload: maxMessageBytes * 6 + 4096,
      perMessageDeflate: false,
      clientTracking: false,
      // Else ws would choose the first, and a token may stand there.
      handleProtocols: chooseSubprotocol,
    },
    preClose: done => done(),
    errorHandler: (error, socket, request) => {
      request.log.info({ err: error }, 'websocket error')
      socket.terminate()
    },
  })
  app.websocketServer.on('wsClientError', (error, socket) => {
    const detail = `The WebSocket handshake is wrong: ${error.message}.`
    // RFC 6455 section 4.4: the version that a client can retry with.
    answerClientError(new Problem('invalid-request', detail, { 'sec-websocket-version': '13' }), socket)
  })
  // One that comes later would take every upgrade too, and two cannot share a socket.
  app.addHook('onReady', async () => {
    if (surroundingApp(app)?.hasDecorator('websocketServer'))
      throw new Error('@fastify/websocket was registered behind Carillon: register it before, and both share it')
  })
}
