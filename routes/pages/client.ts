import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FILE } from '../schemas.js'
import { staticFile } from './static-file.js'

/**
 * A small ES module for web pages, over `EventSource` and `fetch`: several channels on one connection, resume, tickets, one
 * connection for all tabs. Public; of use to pages of other origins too, where `ALLOWED_ORIGINS` names them. */
export const client: FastifyPluginAsyncTypebox = async app => {
  const serve = staticFile('dist/client.js', 'text/javascript; charset=utf-8')
  app.get('/client.js', { schema: FILE, config: { access: 'public' } }, (request, reply) => {
    reply.header('cross-origin-resource-policy', 'cross-origin')
    return serve(request, reply)
  })
}
