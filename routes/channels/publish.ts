import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Gateway } from '../../src/gateway.js'
import { Problem } from '../../src/problems.js'
import { publicationFromBody } from '../../src/publication.js'
import { ANY_REQUEST, ChannelParams, EventType, Published, problemResponses } from '../schemas.js'

const schema = {
  operationId: 'publish',
  tags: ['publish'],
  summary: 'Publish a message',
  description:
    'The body is the message, byte for byte, whatever its content type. `application/json` is checked to be JSON and passed on as it came. An empty body is an empty message. Who listens on the channel gets it at once; who does not, never does: `receivers: 0` means that nobody heard it.',
  params: ChannelParams,
  querystring: Type.Object({ event: Type.Optional(EventType) }, { additionalProperties: false }),
  response: {
    200: Type.Ref(Published),
    ...problemResponses(
      ...ANY_REQUEST,
      'invalid-channel',
      'reserved-channel',
      'invalid-event-type',
      'invalid-json',
      'channel-refused',
      'message-too-large',
      'unsupported-media-type',
      'broker-rejected',
      'broker-unavailable',
      'outcome-unknown',
    ),
  },
}

export const publish: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway: { hub } }) => {
  app.post('/channels/:channel', { schema }, async request => {
    const { channel } = request.params
    const body = request.body as Buffer | undefined // as plugins/bodies.ts leaves it
    const publication = publicationFromBody(channel, request.query.event, request.headers['content-type'], body)
    const [result] = await hub.publish([publication])
    if (!result || 'problem' in result) throw new Problem(result?.problem ?? 'internal-error')
    return { channel, receivers: result.receivers }
  })
}
