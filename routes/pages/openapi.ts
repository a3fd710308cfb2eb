import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GUARDED_REQUEST, problemResponses } from '../problem-responses.js'
import { jsonFrom } from './document.js'

const schema = {
  operationId: 'openapi',
  tags: ['operation'],
  summary: 'This document',
  description: 'The OpenAPI 3.1 description of the API, as JSON.',
  response: {
    200: Type.Object({}, { additionalProperties: true, description: 'An OpenAPI document.' }),
    ...problemResponses(...GUARDED_REQUEST),
  },
}

/** Serves `openapi.yaml`, which is made from the routes and held to them by a test. */
export const openapi: FastifyPluginAsyncTypebox = async app => {
  const send = jsonFrom('openapi.yaml', document =>
    app.prefix === '' ? document : { ...document, servers: [{ url: app.prefix }] },
  )
  app.get('/openapi.json', { schema, config: { access: 'openapi' } }, (_request, reply) => send(reply))
}
