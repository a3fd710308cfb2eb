import fp from 'fastify-plugin'

/**
 * What every answer tells a browser that was led here by somebody else: run nothing, guess no
 * type, and let no other site embed it. Constants, as they go out with each publish; pages say
 * more, by `plugins/pages.ts`.
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const

export const securityHeaders = fp(
  async app => {
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(SECURITY_HEADERS)
      done()
    })
  },
  { name: 'carillon-security-headers' },
)
