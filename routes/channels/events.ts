import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Gateway } from '../../src/gateway.js'
import { channelTopic } from '../../src/topic.js'
import { formatQuery, streamOverHttp, streamQuery } from '../http-stream.js'
import { CHANNEL_REQUEST, ChannelParams, problemResponses } from '../schemas.js'
import { streamContent } from '../stream-content.js'

const schema = {
  operationId: 'streamChannel',
  tags: ['stream'],
  summary: 'Stream one channel',
  description:
    'Opens when the subscription is live: what is published after that is delivered, or a `gap` event tells of its loss. In the default format each `data:` is the message itself, and `event:` is the type that the publisher gave; bytes that are not UTF-8 come as an `envelope` event. With `limit` and `timeout` the stream ends by itself.',
  params: ChannelParams,
  querystring: Type.Object({ ...formatQuery, ...streamQuery }, { additionalProperties: false }),
  response: {
    200: {
      description: 'The stream. It stays open while Redis is away.',
      content: streamContent('retry: 2000\n\nevent: price\ndata: 42\n\n'),
    },
    ...problemResponses(...CHANNEL_REQUEST, 'channel-refused', 'broker-unavailable'),
  },
}

export const events: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  app.get(
    '/channels/:channel/events',
    { schema, config: { access: 'subscribe', stream: true, tickets: true }, exposeHeadRoute: false },
    async (request, reply) => {
      const { format, limit, timeout } = request.query
      await streamOverHttp(gateway, request, reply, {
        topics: [channelTopic(request.params.channel)],
        envelope: format === 'envelope',
        limit,
        timeout,
      })
    },
  )
}
