import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GUARDED_REQUEST, problemResponses } from '../problem-responses.js'
import { FILE } from '../schemas.js'
import { documentFrom } from './document.js'

const schema = {
  operationId: 'getAsyncapi',
  tags: ['operation'],
  summary: 'The streams as a document',
  description:
    'The AsyncAPI 3 description of the streams, as JSON: what comes and goes on each of them, frame by frame, with the control events.',
  response: {
    200: Type.Object(
      {},
      { additionalProperties: true, title: 'AsyncapiDocument', description: 'An AsyncAPI document.' },
    ),
    ...problemResponses(...GUARDED_REQUEST),
  },
}

/** Serves `asyncapi.yaml`, which is made from the schemas of the frames and compared with them by a test. */
export const asyncapi: FastifyPluginAsyncTypebox = async app => {
  const document = documentFrom('asyncapi.yaml')
  app.get('/asyncapi.json', { schema, config: { access: 'openapi' } }, (_request, reply) => document.json(reply))
  app.get('/asyncapi.yaml', { schema: FILE, config: { access: 'openapi' } }, (_request, reply) => document.yaml(reply))
}
