import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Gateway } from '../../src/gateway.js'
import { CHANNEL_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams } from '../schemas.js'

const schema = {
  operationId: 'deleteHistory',
  tags: ['history'],
  summary: "Delete a channel's history",
  description:
    'Forgets all messages that are kept of the channel; the next one begins a new history. Who listens sees nothing of it until then, and a `gap` with the reason `history_reset` before that message. Answers the same where there is nothing to delete.',
  params: ChannelParams,
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    204: Type.Null({ description: 'Nothing is kept any more.' }),
    ...problemResponses(...CHANNEL_REQUEST, 'broker-unavailable'),
  },
}

export const deleteHistory: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway: { broker } }) => {
  app.delete('/channels/:channel/history', { schema, config: { access: 'admin' } }, async (request, reply) => {
    await broker.history?.delete(request.params.channel)
    return reply.code(204).send(null)
  })
}
