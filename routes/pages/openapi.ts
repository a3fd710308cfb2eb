import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GUARDED_REQUEST, problemResponses } from '../problem-responses.js'
import { FILE } from '../schemas.js'
import { documentFrom } from './document.js'

const schema = {
  operationId: 'getOpenapi',
  tags: ['operation'],
  summary: 'This document',
  description: 'The OpenAPI 3.1 description of the API, as JSON; `/openapi.yaml` is the same as YAML.',
  response: {
    200: Type.Object({}, { additionalProperties: true, title: 'OpenapiDocument', description: 'An OpenAPI document.' }),
    ...problemResponses(...GUARDED_REQUEST),
  },
}

/** Serves `openapi.yaml`, which is made from the routes and compared with them by a test. */
export const openapi: FastifyPluginAsyncTypebox = async app => {
  const document = documentFrom(
    'openapi.yaml',
    app.prefix === '' ? undefined : all => ({ ...all, servers: [{ url: app.prefix }] }),
  )
  app.get('/openapi.json', { schema, config: { access: 'openapi' } }, (_request, reply) => document.json(reply))
  app.get('/openapi.yaml', { schema: FILE, config: { access: 'openapi' } }, (_request, reply) => document.yaml(reply))
}
