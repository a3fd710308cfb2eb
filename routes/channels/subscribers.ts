import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { Gateway } from '../../src/gateway.js'
import { CHANNEL_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams } from '../schemas.js'
import { listeners, subscribers as subscriberCount, unanswered as unansweredCount } from './counts.js'

const Counts = Type.Object(
  {
    channel: Type.String({ examples: ['news'] }),
    subscribers: subscriberCount,
    listeners,
    unanswered: Type.Optional(unansweredCount),
  },
  { title: 'ChannelCounts', description: 'The current counts.' },
)

const schema = {
  operationId: 'countSubscribers',
  tags: ['introspection'],
  summary: 'Count the subscribers of a channel',
  description: "Redis's own count of connections, and the number of clients on all gateways.",
  params: ChannelParams,
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    200: Counts,
    ...problemResponses(...CHANNEL_REQUEST, 'broker-unavailable'),
  },
}

export const subscribers: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway: { broker } }) => {
  app.get(
    '/channels/:channel/subscribers',
    { schema, config: { access: 'inspect' } },
    async (request): Promise<Static<typeof Counts>> => {
      const { channel } = request.params
      const [[subscribers = 0], { counts, unanswered }] = await Promise.all([
        broker.subscriberCounts([channel]),
        broker.listenerCounts([channel]),
      ])
      return { channel, subscribers, listeners: counts[0] ?? 0, ...(unanswered > 0 ? { unanswered } : {}) }
    },
  )
}
