import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GUARDED_REQUEST, problemResponses } from './schemas.js'
import { staticFile } from './static-file.js'

/** The files of the console, in addition to its page. */
const FILES = [
  { name: 'console.js', operationId: 'consoleScript', summary: "The console's script", mediaType: 'text/javascript' },
  { name: 'theme.js', operationId: 'consoleTheme', summary: "The console's colours", mediaType: 'text/javascript' },
  { name: 'console.css', operationId: 'consoleStyle', summary: "The console's style", mediaType: 'text/css' },
  { name: 'icon.svg', operationId: 'consoleIcon', summary: "The console's icon", mediaType: 'image/svg+xml' },
]

/**
 * Its own files and its own gateway, and nothing else: no inline script or style, no other origin,
 * no frame around it, no string that becomes code or markup. Constants: the start pays nothing for them.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const page = {
  operationId: 'console',
  tags: ['operation'],
  summary: 'The console',
  description: 'A page that shows channels with their counts, listens and publishes. `CONSOLE=false` takes it away.',
  response: responses('text/html', 'The page.'),
}

export const console: FastifyPluginAsyncTypebox = async app => {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    done()
  })
  const config = { access: 'console' } as const
  app.get('/console', { schema: page, config }, staticFile('dist/console/index.html', 'text/html; charset=utf-8'))
  // The paths on the page are relative, and would lead nowhere from here.
  const hidden = { hide: true, response: {} }
  app.get('/console/', { schema: hidden, config }, async (_request, reply) => reply.redirect('../console'))
  for (const { name, operationId, summary, mediaType } of FILES) {
    const schema = {
      ...page,
      operationId,
      summary,
      description: 'A file of the page at `/console`.',
      response: responses(mediaType, 'The file.'),
    }
    app.get(`/console/${name}`, { schema, config }, staticFile(`dist/console/${name}`, `${mediaType}; charset=utf-8`))
  }
}

function responses(mediaType: string, description: string) {
  return {
    200: { description, content: { [mediaType]: { schema: Type.String() } } },
    304: { description: 'It is still the one of the `If-None-Match`.', type: 'null' },
    ...problemResponses(...GUARDED_REQUEST),
  }
}
