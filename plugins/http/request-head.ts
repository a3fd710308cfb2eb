import fp from 'fastify-plugin'
import { Problem } from '../../src/protocol/problems.js'

/** Checks the parts of a request head that no schema covers: its fields, and the number of parameters. */
export const requestHead = fp<{ maxParameters: number }>(
  async (app, { maxParameters }) => {
    app.addHook('onRequest', ({ raw: { rawHeaders, url = '', headers, httpVersionMinor } }, reply, done) => {
      // Node would answer without a body: `requireHostHeader` is off.
      if (headers.host === undefined && httpVersionMinor !== 0)
        return done(new Problem('invalid-request', 'The request has no Host header, which HTTP/1.1 requires.'))
      if (rawHeaders.length > MAX_FIELDS * 2) return done(new Problem('headers-too-large'))
      // RFC 9112 section 3.2: a proxy may have used the other one.
      if (hasTwoHosts(rawHeaders))
        return done(new Problem('invalid-request', 'The request has more than one Host header.'))
      // Section 3.2.2: where the target names a host, that one counts, and who keeps to the rules says the same twice.
      if (url.charCodeAt(0) !== SLASH && isForElsewhere(url, headers.host))
        return done(new Problem('invalid-request', 'The request target names a different host than the Host header.'))
      // Section 6.1: an older proxy in front has not seen where this body ends.
      if (httpVersionMinor === 0 && headers['transfer-encoding'] !== undefined) {
        reply.header('connection', 'close')
        return done(new Problem('invalid-request', 'HTTP/1.0 does not support Transfer-Encoding.'))
      }
      // Section 6.1: Node takes off the chunks, and what is compressed below them would reach Redis compressed. Where
      // the chunks are not the last coding, Node finds no end of the body and answers 400.
      if (/,[\t ]*chunked$/i.test(headers['transfer-encoding'] ?? '')) {
        reply.header('connection', 'close')
        return done(new Problem('unsupported-transfer-coding'))
      }
      if (url.length > maxParameters && count(url, '&') >= maxParameters)
        return done(new Problem('invalid-request', `The URL has more than ${maxParameters} query parameters.`))
      done()
    })
  },
  { name: 'carillon-request-head' },
)

const MAX_FIELDS = 100
const SLASH = 0x2f

function isForElsewhere(target: string, host = ''): boolean {
  const named = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1]
  return named !== undefined && named.toLowerCase() !== host.toLowerCase()
}

function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string // names and values in turns
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found++
  return found
}
