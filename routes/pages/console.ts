import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FILE } from '../schemas.js'
import { staticFile, withoutSlash } from './static-file.js'

/** The files of the console, in addition to its page. */
const FILES = {
  'console.js': 'text/javascript',
  'theme.js': 'text/javascript',
  'console.css': 'text/css',
  'icon.svg': 'image/svg+xml',
}

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

/** A page that shows channels with their counts, listens and publishes. */
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
  const page = staticFile('dist/console/index.html', 'text/html; charset=utf-8')
  app.get('/console', { schema: FILE, config, preHandler: withoutSlash('../console') }, page)
  for (const [name, mediaType] of Object.entries(FILES))
    app.get(
      `/console/${name}`,
      { schema: FILE, config },
      staticFile(`dist/console/${name}`, `${mediaType}; charset=utf-8`),
    )
}
