import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { described } from '../plugins/http/query-method.js'
import { requireAllowed } from '../src/access/authorization.js'
import type { Gateway } from '../src/gateway.js'
import { channelTopic, patternTopic } from '../src/messages/topic.js'
import { Problem } from '../src/protocol/problems.js'
import { headOfStream, streamOverHttp, streamQuery } from './http-stream.js'
import { GUARDED_REQUEST, problemResponses } from './problem-responses.js'
import { requireUsable } from './reserved.js'
import { ChannelName, Glob } from './schemas.js'
import { readStartPositions, startQuery } from './start-position.js'
import { streamContent } from './transports/index.js'

const schema = {
  operationId: 'streamChannels',
  tags: ['stream'],
  summary: 'Stream several channels and patterns',
  description:
    'Each message arrives in an envelope that names its channel. A message that matches several of the channels and patterns arrives once. The `id:` of an event is a cursor over all channels that have a history; in NDJSON it is the member `cursor`.',
  querystring: Type.Object(
    {
      channel: Type.Optional(
        Type.Array(ChannelName, {
          description: 'Channels. Repeat the parameter for more.',
          examples: [['news', 'sport']],
        }),
      ),
      pattern: Type.Optional(
        Type.Array(Glob, { description: 'Patterns. Repeat the parameter for more.', examples: [['chat:*']] }),
      ),
      ...streamQuery,
      ...startQuery,
    },
    { additionalProperties: false },
  ),
  response: {
    200: {
      description: 'The stream of envelopes. It stays open during an outage of Redis.',
      content: streamContent('retry: 2000\ndata: {"channel":"news","data":"hello"}\n\n'),
    },
    ...problemResponses(
      ...GUARDED_REQUEST,
      'invalid-channel',
      'invalid-pattern',
      'reserved-channel',
      'too-many-subscriptions',
      'patterns-unavailable',
      'channel-refused',
      'streams-unavailable',
      'broker-unavailable',
    ),
  },
}

export const manyEvents: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  for (const method of ['GET', 'QUERY'] as const)
    app.route({
      method,
      url: '/events',
      schema: described(method, schema),
      config: { access: 'subscribe', stream: true, tickets: true, query: true },
      exposeHeadRoute: false,
      async handler(request, reply) {
        const { channel = [], pattern = [], position, limit, timeout } = request.query
        const topics = [...channel.map(channelTopic), ...pattern.map(patternTopic)]
        if (topics.length === 0)
          throw new Problem(
            'invalid-request',
            'Name at least one channel or pattern: /events?channel=news&pattern=chat:*',
          )
        requireUsable(...topics)
        requireAllowed(request.caller, 'subscribe', ...topics)
        const places = readStartPositions(request, topics, topic => gateway.hub.hasHistory(topic))
        await streamOverHttp(gateway, request, reply, { topics, places, envelope: true, position, limit, timeout })
      },
    })
  app.head('/events', { schema: described('HEAD', {}), config: { access: 'subscribe' } }, headOfStream)
}
