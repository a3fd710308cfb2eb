import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { httpPublisher } from '../../plugins/access/publisher.js'
import type { Gateway } from '../../src/gateway.js'
import { readIdempotencyKey } from '../../src/publishing/idempotency.js'
import { publicationFromBody } from '../../src/publishing/publication.js'
import { CHANNEL_REQUEST, PUBLISH_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams, EventType, IdempotencyHeader, Published, REQUEST_BODY } from '../schemas.js'

const schema = {
  operationId: 'publish',
  tags: ['publish'],
  summary: 'Publish a message',
  description:
    'The body is the message, byte for byte, with any content type. `application/json` must be valid JSON and is passed on unchanged. An empty body is an empty message. Connected clients get it at once. Other clients can get it later if the channel has a history; then the answer has the `id` of the message. `receivers: 0` means that nothing was subscribed. With an `Idempotency-Key`, the message is published once, no matter how often the request is sent.',
  params: ChannelParams,
  headers: IdempotencyHeader,
  querystring: Type.Object({ event: Type.Optional(EventType) }, { additionalProperties: false }),
  [REQUEST_BODY]: {
    description: 'The message: any bytes of any type, or no bytes.',
    required: false,
    content: {
      'text/plain': { schema: Type.String({ description: 'Text in UTF-8.' }), example: 'hello' },
      'application/octet-stream': { schema: Type.String({ format: 'binary', description: 'Bytes.' }) },
      '*/*': {
        schema: Type.Unknown({ description: 'Any other type. Send JSON as its text.' }),
        example: '{"price":42}',
      },
    },
  },
  response: {
    200: Type.Ref(Published),
    ...problemResponses(
      ...CHANNEL_REQUEST,
      ...PUBLISH_REQUEST,
      'invalid-event-type',
      'invalid-json',
      'invalid-idempotency-key',
      'idempotency-key-in-flight',
      'idempotency-key-reused',
      'channel-refused',
      'message-too-large',
      'broker-rejected',
      'broker-unavailable',
      'wrong-key-type',
      'write-refused',
      'outcome-unknown',
    ),
  },
}

export const publish: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway: { publishing } }) => {
  app.post(
    '/channels/:channel',
    { schema, config: { access: 'publish', publishes: 'http' } },
    async (request, reply) => {
      const { channel } = request.params
      const read = () => {
        const body = request.body as Buffer | undefined // as plugins/http/bodies.ts leaves it
        const publication = publicationFromBody(channel, request.query.event, request.headers, body)
        const key = readIdempotencyKey(request.headers['idempotency-key'])
        return { publication, key: key === undefined ? undefined : { key } }
      }
      // The hook of access has asked for the right to publish before the body was read.
      const published = await publishing.publish(httpPublisher(request, 'http'), read, rate => reply.headers(rate))
      return { channel, ...published }
    },
  )
}
