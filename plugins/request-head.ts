import fp from 'fastify-plugin'
import { Problem } from '../src/problems.js'

/** What stands in the head of a request and no schema sees: its fields, and how many parameters there are. */
export const requestHead = fp<{ maxParameters: number }>(
  async (app, { maxParameters }) => {
    app.addHook('onRequest', ({ raw: { rawHeaders, url = '' } }, _reply, done) => {
      if (rawHeaders.length > MAX_FIELDS * 2) return done(new Problem('headers-too-large'))
      // RFC 9112 section 3.2: of two, a proxy may have believed the other one.
      if (hasTwoHosts(rawHeaders)) return done(new Problem('invalid-request', 'There is more than one Host header.'))
      if (url.length > maxParameters && count(url, '&') >= maxParameters)
        return done(new Problem('invalid-request', `There are more than ${maxParameters} parameters.`))
      done()
    })
  },
  { name: 'carillon-request-head' },
)

const MAX_FIELDS = 100

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
