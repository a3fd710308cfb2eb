import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { callerId } from '../plugins/access/caller-id.js'
import { releaseRequest } from '../plugins/streams/web-socket.js'
import type { Gateway } from '../src/gateway.js'
import { upgradeRequired } from '../src/protocol/problems.js'
import { SessionAnswer, SessionRequest } from '../src/protocol/session-protocol.js'
import { session } from '../src/protocol/web-socket.js'
import { yieldCooperatively } from '../src/streams/cooperative-yielding.js'
import { Session } from '../src/streams/session.js'
import { WebSocketSink } from '../src/streams/sinks/web-socket.js'
import { ticketQuery } from './http-stream.js'
import { GUARDED_REQUEST, problemResponses } from './problem-responses.js'
import { StreamItem } from './schemas.js'

const schema = {
  operationId: 'openWebSocket',
  tags: ['stream'],
  summary: 'Stream many channels over one WebSocket',
  description:
    'The client sends JSON text frames: `{"type":"subscribe","channel":"news","ref":1}` (or `"pattern":"chat:*"`), `unsubscribe`, `{"type":"publish","channel":"news","data":"hello"}`, `ping`. Each is answered by one frame with its `ref`: `subscribed` when the subscription is live, `unsubscribed`, `published` with `receivers`, `pong`, or `error` with a `problem`. Frames without a `type` are envelopes: messages, and `gap` events.',
  querystring: Type.Object({ ...ticketQuery }, { additionalProperties: false }),
  'x-frames': {
    client: Type.Ref(SessionRequest),
    server: Type.Union([Type.Ref(SessionAnswer), StreamItem]),
  },
  response: {
    101: { description: 'The WebSocket is open.', type: 'null' },
    ...problemResponses(...GUARDED_REQUEST, 'streams-unavailable', 'broker-unavailable', 'upgrade-required'),
  },
}

export const multiplexedWebSocket: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { hub, streams, publishing, limits } },
) => {
  app.route({
    method: 'GET',
    url: '/ws',
    schema,
    exposeHeadRoute: false,
    config: { webSocket: true, access: 'known', tickets: true },
    handler: () => {
      throw upgradeRequired()
    },
    wsHandler: (webSocket, request) => {
      // No listener names the request, which is not to live as long as they do.
      const { caller, id: reqId } = request
      const sink = new WebSocketSink(request.raw.socket)
      const owner = callerId(request)
      const refused = limits.streamRefusal(owner)
      const stream = streams.create({
        sink,
        format: session,
        caller,
        owner,
        reqId,
        multiplexed: true,
      })
      const client = new Session(stream, hub, { caller, owner, publishing })
      webSocket.on('close', () => stream.close('client_gone'))
      const take = (frame: Buffer) => {
        client.receive(frame).catch(error => {
          app.log.error({ err: error, reqId }, 'websocket session failed')
          stream.close('internal_error')
        })
      }
      webSocket.on('message', yieldCooperatively(webSocket, take))
      sink.begin(webSocket)
      releaseRequest(webSocket, request, app.log)
      if (refused) streams.refuse(stream, refused)
      else streams.open(stream)
    },
  })
}
