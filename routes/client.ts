import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { ANY_REQUEST, problemResponses } from './schemas.js'
import { staticFile } from './static-file.js'

const schema = {
  operationId: 'browserClient',
  tags: ['operation'],
  summary: 'The browser client',
  description:
    'A small ES module for web pages, over `EventSource` and `fetch`: several channels on one connection, resume, tickets, one connection for all tabs.',
  response: {
    200: {
      description: 'The module. Ask again with its `ETag` to learn whether it is still the same.',
      content: { 'text/javascript': { schema: Type.String(), example: 'export{Carillon};' } },
    },
    304: { description: 'It is still the one of the `If-None-Match`.', type: 'null' },
    ...problemResponses(...ANY_REQUEST),
  },
}

/** Public; of use to pages of other origins too, where `ALLOWED_ORIGINS` names them. */
export const client: FastifyPluginAsyncTypebox = async app => {
  const serve = staticFile('dist/client.js', 'text/javascript; charset=utf-8')
  app.get('/client.js', { schema, config: { access: 'public' } }, (request, reply) => {
    reply.header('cross-origin-resource-policy', 'cross-origin')
    return serve(request, reply)
  })
}
