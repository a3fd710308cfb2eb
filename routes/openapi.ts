import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { packageFile } from '../src/package.js'
import { GUARDED_REQUEST, problemResponses } from './schemas.js'

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
  let document: Promise<string> | undefined
  app.get('/openapi.json', { schema, config: { access: 'openapi' } }, async (_request, reply) => {
    document ??= read()
    return reply
      .type('application/json; charset=utf-8')
      .serializer(String)
      .send(await document)
  })
}

async function read(): Promise<string> {
  const { parse } = await import('yaml') // loaded by who asks for it, not at every start
  return JSON.stringify(parse(await readFile(packageFile('openapi.yaml'), 'utf8')))
}
