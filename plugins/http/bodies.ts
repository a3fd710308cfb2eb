import fp from 'fastify-plugin'
import { Problem } from '../../src/protocol/problems.js'

/** Bodies are bytes, no matter their type. A route that needs more parses them itself. */
export const bodies = fp<{ maxMessageBytes: number }>(
  async (app, { maxMessageBytes }) => {
    app.removeAllContentTypeParsers()
    // Any type, and none. Of `*` Fastify remembers no type that it has seen, and would parse the header each time.
    app.addContentTypeParser(/^/, { parseAs: 'buffer', bodyLimit: maxMessageBytes }, (_request, body, done) =>
      done(null, body),
    )

    // A compressed body would reach Redis compressed, and no listener could tell.
    app.addHook('onRequest', (request, _reply, done) => {
      const encoding = request.headers['content-encoding']?.toLowerCase()
      if (encoding === undefined || encoding === 'identity') done()
      else
        done(
          new Problem(
            'unsupported-media-type',
            `Content-Encoding "${encoding.slice(0, 40)}" is not supported. Send the body without compression.`,
          ),
        )
    })
  },
  { name: 'carillon-bodies' },
)
