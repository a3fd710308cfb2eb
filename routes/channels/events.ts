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
    'Opens when the subscription is live: what is published after that is delivered, or a `gap` event tells of its loss. In the default format each `data:` is the message itself, and `event:` is the type that the publisher gave; bytes that are not UTF-8 come as an `envelope` event. With `limit` and `timeout` the stream ends by itself. On a channel with a history each message has an `id:`, and a client that comes back with it (`Last-Event-ID`) gets what it has missed.',
  params: ChannelParams,
  querystring: Type.Object({ ...formatQuery, ...streamQuery, ...startQuery }, { additionalProperties: false }),
  response: {
    200: {
      description: 'The stream. It stays open while Redis is away.',
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
