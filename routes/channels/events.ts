import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { described } from '../../plugins/http/query-method.js'
import type { Gateway } from '../../src/gateway.js'
import { channelTopic } from '../../src/messages/topic.js'
import { formatQuery, headOfStream, streamOverHttp, streamQuery } from '../http-stream.js'
import { CHANNEL_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams } from '../schemas.js'
import { readStartPositions, startQuery } from '../start-position.js'
import { streamContent } from '../transports/index.js'

const schema = {
  operationId: 'streamChannel',
  tags: ['stream'],
  summary: 'Stream one channel',
  description:
    'The stream opens when Redis has acknowledged the subscription. Messages that are published afterwards are delivered, or a `gap` event reports their loss. By default, each `data:` is the message itself, and `event:` is the event type of the publisher. Bytes that are not UTF-8 arrive as an `envelope` event. With `limit` and `timeout`, the stream ends by itself. On a channel with a history, each message has an `id:`. A client that reconnects with it (`Last-Event-ID`) gets the messages that it has missed.',
  params: ChannelParams,
  querystring: Type.Object({ ...formatQuery, ...streamQuery, ...startQuery }, { additionalProperties: false }),
  response: {
    200: {
      description: 'The stream. It stays open during an outage of Redis.',
      content: streamContent('retry: 2000\nevent: price\ndata: 42\n\n'),
    },
    ...problemResponses(...CHANNEL_REQUEST, 'channel-refused', 'streams-unavailable', 'broker-unavailable'),
  },
}

export const events: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  app.get(
    '/channels/:channel/events',
    { schema, config: { access: 'subscribe', stream: true, tickets: true }, exposeHeadRoute: false },
    async (request, reply) => {
      const { format, position, limit, timeout } = request.query
      const topics = [channelTopic(request.params.channel)]
      await streamOverHttp(gateway, request, reply, {
        topics,
        places: readStartPositions(request, topics, topic => gateway.hub.hasHistory(topic)),
        envelope: format === 'envelope',
        position,
        limit,
        timeout,
      })
    },
  )
  app.head(
    '/channels/:channel/events',
    { schema: described('HEAD', {}), config: { access: 'subscribe' } },
    headOfStream,
  )
}
