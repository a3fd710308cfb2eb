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
    'Deletes all messages of the history. The next message starts a new history, and connected clients get a `gap` with the reason `history_reset` before it. The answer is the same if there is nothing to delete.',
  params: ChannelParams,
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    204: Type.Null({ description: 'The history is empty.' }),
    ...problemResponses(...CHANNEL_REQUEST, 'broker-unavailable'),
  },
}

export const deleteHistory: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway: { broker } }) => {
  app.delete('/channels/:channel/history', { schema, config: { access: 'admin' } }, async (request, reply) => {
    await broker.history?.delete(request.params.channel)
    return reply.code(204).send(null)
  })
}
