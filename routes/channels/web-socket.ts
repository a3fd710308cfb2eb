import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { callerId } from '../../plugins/access/caller-id.js'
import { releaseRequest } from '../../plugins/streams/web-socket.js'
import { allowance, refusal } from '../../src/access/authorization.js'
import type { Gateway } from '../../src/gateway.js'
import { channelTopic } from '../../src/messages/topic.js'
import { withPosition } from '../../src/protocol/format.js'
import { Problem, upgradeRequired } from '../../src/protocol/problems.js'
import { webSocketEnvelope, webSocket as webSocketFormat } from '../../src/protocol/web-socket.js'
import type { Publisher } from '../../src/publishing/publishing.js'
import { yieldCooperatively } from '../../src/streams/cooperative-yielding.js'
import { WebSocketSink } from '../../src/streams/sinks/web-socket.js'
import { formatQuery, positionQuery, ticketQuery } from '../http-stream.js'
import { CHANNEL_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams } from '../schemas.js'
import { readStartPositions, startQuery } from '../start-position.js'

const schema = {
  operationId: 'openChannelWebSocket',
  tags: ['stream'],
  summary: 'Stream one channel over a WebSocket',
  description:
    'Each frame that the gateway sends is a message: text, or binary if the bytes are not UTF-8. Each frame that the client sends, text or binary, is published to the channel. A control event (`gap`, `error`) is a binary frame of valid UTF-8, which no message is: an envelope whose `event` names it. With `format=envelope`, the gateway sends envelopes as text. On a channel with a history, their `id` is what a client passes as `after` to resume.',
  params: ChannelParams,
  querystring: Type.Object(
    { ...formatQuery, ...ticketQuery, ...positionQuery, ...startQuery },
    { additionalProperties: false },
  ),
  response: {
    101: { description: 'The WebSocket is open, and Redis has acknowledged the subscription.', type: 'null' },
    ...problemResponses(
      ...CHANNEL_REQUEST,
      'channel-refused',
      'streams-unavailable',
      'broker-unavailable',
      'upgrade-required',
    ),
  },
}

/** One channel: frames out are its messages, frames in are published. */
export const channelWebSocket: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { hub, streams, publishing, limits } },
) => {
  app.route({
    method: 'GET',
    url: '/channels/:channel/ws',
    schema,
    exposeHeadRoute: false,
    config: { webSocket: true, access: 'subscribe', tickets: true },
    // Before the upgrade: a WebSocket that is open is subscribed, and a refusal is still HTTP.
    preHandler: async request => {
      if (!request.ws) throw upgradeRequired()
      const topic = channelTopic(request.params.channel)
      const places = readStartPositions(request, [topic], it => hub.hasHistory(it))
      const sink = new WebSocketSink(request.raw.socket)
      const owner = callerId(request)
      const refused = limits.streamRefusal(owner)
      const format = request.query.format === 'envelope' ? webSocketEnvelope : webSocketFormat
      const stream = streams.create({
        sink,
        caller: request.caller,
        owner,
        reqId: request.id,
        format: request.query.position ? withPosition(format) : format,
      })
      request.raw.socket.once('close', () => stream.close('client_gone'))
      if (!refused) {
        await stream.subscribeOrExpectGap([topic], places).catch(error => {
          stream.close('channel_refused')
          throw error
        })
      }
      request.carillonStream = { stream, sink, refused }
    },
    handler: () => {
      throw upgradeRequired()
    },
    wsHandler: (webSocket, request) => {
      if (!request.carillonStream) return webSocket.terminate()
      // No listener names the request, which is not to live as long as they do.
      const { caller, id: reqId } = request
      const { channel } = request.params
      const { stream, sink, refused } = request.carillonStream
      const topic = channelTopic(channel)
      const owner = callerId(request)
      const mayPublish = allowance(caller, 'publish', topic)
      const publisher: Publisher = {
        transport: 'websocket',
        caller,
        owner: () => owner,
        // The right to subscribe is not the right to publish, and rights end with the token.
        authorize: () => {
          if (!mayPublish()) throw refusal(caller, 'publish', channelTopic(channel))
        },
      }
      const take = (data: Buffer) => {
        publishing
          .publish(publisher, () => ({ publication: { channel, data } }))
          .catch(error => {
            if (error instanceof Problem && error.type === 'message-too-large') return stream.close('message_too_large')
            if (error instanceof Problem) return stream.sendError(topic, error)
            app.log.error({ err: error, reqId }, 'websocket publish failed')
            stream.close('internal_error')
          })
      }
      webSocket.on('message', yieldCooperatively(webSocket, take))
      sink.begin(webSocket)
      releaseRequest(webSocket, request, app.log)
      if (refused) streams.refuse(stream, refused, topic)
      else streams.open(stream)
    },
  })
}
