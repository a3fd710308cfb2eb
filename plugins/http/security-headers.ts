import fp from 'fastify-plugin'

/**
 * What an answer tells a browser that was led here by somebody else: guess no type, run nothing,
 * and let no other site embed it. Constants, as they go out with every answer; pages say more, by
 * `plugins/pages.ts`.
 */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const

export const securityHeaders = fp(
  async app => {
    app.addHook('onRequest', ({ method }, reply, done) => {
      // The answer to a publish cannot be embedded or linked to: only pages that may publish get one.
      if (method === 'POST') reply.header('x-content-type-options', 'nosniff')
      else reply.headers(SECURITY_HEADERS)
      done()
    })
  },
  { name: 'carillon-security-headers' },
)
