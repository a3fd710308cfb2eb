import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { described } from '../../plugins/http/query-method.js'
import { visibleChannels } from '../../src/access/authorization.js'
import type { Gateway } from '../../src/gateway.js'
import { GUARDED_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelName, Glob } from '../schemas.js'
import { listeners, subscribers, unanswered } from './counts.js'

const ChannelList = Type.Object(
  {
    channels: Type.Array(
      Type.Object(
        {
          channel: Type.String({ examples: ['news'] }),
          subscribers: Type.Optional(subscribers),
          listeners: Type.Optional(listeners),
        },
        { title: 'ListedChannel' },
      ),
      { description: 'Channels in alphabetical order.' },
    ),
    next: Type.Optional(
      Type.String({ description: 'There are more channels: pass this as `after`.', examples: ['news'] }),
    ),
    unanswered: Type.Optional(unanswered),
  },
  { title: 'ChannelPage', description: 'One page of channels.' },
)

const schema = {
  operationId: 'listChannels',
  tags: ['introspection'],
  summary: 'List channels',
  description:
    'Channels that have a subscriber now, as `PUBSUB CHANNELS` in Redis lists them. Channels that only match a subscribed pattern are not listed.',
  querystring: Type.Object(
    {
      pattern: Type.Optional(Glob),
      after: Type.Optional(
        Type.String({ ...ChannelName, description: 'Only channels after this one: `next` of the previous page.' }),
      ),
      limit: Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: 1000,
        default: 100,
        description: 'Maximum number of channels on a page.',
        examples: [100],
      }),
      counts: Type.Boolean({
        default: false,
        description: 'Add `subscribers` and `listeners` to each channel.',
        examples: [true],
      }),
    },
    { additionalProperties: false },
  ),
  response: { 200: ChannelList, ...problemResponses(...GUARDED_REQUEST, 'invalid-pattern', 'broker-unavailable') },
}

export const list: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway: { broker } }) => {
  for (const method of ['GET', 'QUERY'] as const)
    app.route({
      method,
      url: '/channels',
      schema: described(method, schema),
      config: { access: 'inspect', query: true },
      async handler(request): Promise<Static<typeof ChannelList>> {
        const { pattern = '*', after = '', limit, counts } = request.query
        const { caller } = request
        const names = await visibleChannels(caller, await broker.channels(pattern), { after, most: limit + 1 })
        const page = names.slice(0, limit)
        const last = page.at(-1)
        const more = names.length > page.length && last !== undefined ? { next: last } : {}
        if (!counts || page.length === 0) return { channels: page.map(channel => ({ channel })), ...more }

        const [subscribers, { counts: listeners, unanswered }] = await Promise.all([
          broker.subscriberCounts(page),
          broker.listenerCounts(page),
        ])
        const channels = page.map((channel, i) => ({
          channel,
          subscribers: subscribers[i] ?? 0,
          listeners: listeners[i] ?? 0,
        }))
        return { channels, ...more, ...(unanswered > 0 ? { unanswered } : {}) }
      },
    })
}
