import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { HistoryInfo } from '../../src/brokers/history.js'
import type { Gateway } from '../../src/gateway.js'
import { encodeId } from '../../src/messages/cursor.js'
import type { Position } from '../../src/messages/position.js'
import { CHANNEL_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams } from '../schemas.js'
import { listeners, subscribers, unanswered } from './counts.js'

const End = Type.Object(
  {
    id: Type.String({ examples: ['mVChq83vAQ'] }),
    time: Type.String({ format: 'date-time', description: 'When the message was published, by the clock of Redis.' }),
  },
  { title: 'HistoryEnd', description: 'The oldest message that can be read, or the newest, which may have expired.' },
)

const Kept = Type.Object(
  {
    epoch: Type.String({
      description: 'Identifies this history. It changes when the history is deleted or lost.',
      examples: ['a1b2c3d4e5f60718'],
    }),
    length: Type.Integer({ format: 'int64', minimum: 0, description: 'Messages that can be read.', examples: [1000] }),
    bytes: Type.Integer({
      format: 'int64',
      minimum: 0,
      description: 'Memory that the messages use, as Redis reports it.',
      examples: [183_264],
    }),
    oldest: Type.Optional(End),
    newest: End,
  },
  { title: 'ChannelHistory', description: 'Absent if the channel has no history, or nothing was published yet.' },
)

const Channel = Type.Object(
  {
    channel: Type.String({ examples: ['news'] }),
    subscribers,
    listeners,
    unanswered: Type.Optional(unanswered),
    history: Type.Optional(Kept),
  },
  { title: 'ChannelInfo', description: 'The current state of the channel.' },
)

const schema = {
  operationId: 'describeChannel',
  tags: ['introspection'],
  summary: 'Describe a channel',
  description: 'The counts of the channel, and what its history keeps. Every valid name is a channel.',
  params: ChannelParams,
  querystring: Type.Object({}, { additionalProperties: false }),
  response: { 200: Channel, ...problemResponses(...CHANNEL_REQUEST, 'broker-unavailable', 'wrong-key-type') },
}

export const describeChannel: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { broker } },
) => {
  app.get(
    '/channels/:channel',
    { schema, config: { access: 'inspect' } },
    async (request): Promise<Static<typeof Channel>> => {
      const { channel } = request.params
      const [[subscribers = 0], { counts, unanswered }, info] = await Promise.all([
        broker.subscriberCounts([channel]),
        broker.listenerCounts([channel]),
        broker.history?.info(channel),
      ])
      return {
        channel,
        subscribers,
        listeners: counts[0] ?? 0,
        ...(unanswered > 0 ? { unanswered } : {}),
        ...(info && { history: describe(channel, info) }),
      }
    },
  )
}

function describe(channel: string, { newest, newestTime, oldest, length, bytes }: HistoryInfo): Static<typeof Kept> {
  const end = (position: Position, time: number) => ({
    id: encodeId(channel, position),
    time: new Date(time).toISOString(),
  })
  return {
    epoch: newest.epoch,
    length,
    bytes,
    ...(oldest && { oldest: end(oldest.position, oldest.time) }),
    newest: end(newest, newestTime),
  }
}
