import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { preferredType, prefersGzip } from '../../../plugins/http/negotiation.js'
import { build } from '../../support/gateway.js'
import { exchange, openSocket, parseAnswer, readUntil, requestText } from '../../support/raw-http.js'

const SSE = 'text/event-stream'
const NDJSON = 'application/x-ndjson'

const STREAMS = [
  ['', SSE],
  ['*/*', SSE],
  ['text/*', SSE],
  [SSE, SSE],
  [NDJSON, NDJSON],
  ['application/ndjson', NDJSON],
  ['APPLICATION/X-NDJSON', NDJSON],
  ['application/*', NDJSON],
  [`${SSE}, ${NDJSON};q=0`, SSE],
  [`${SSE};q=0, ${NDJSON}`, NDJSON],
  [`${NDJSON};q=0.5, ${SSE};q=0.4`, NDJSON],
  [`${NDJSON};q=0.4, ${SSE};q=0.5`, SSE],
  [`${NDJSON}, ${SSE}`, NDJSON],
  [`${SSE}, ${NDJSON}`, SSE],
  [`${NDJSON}, */*;q=0.1`, NDJSON],
  [`*/*, ${NDJSON};q=0`, SSE],
  [`${NDJSON}-foo`, SSE],
  ['x-application/x-ndjson', SSE],
  ['text/html;x="application/x-ndjson"', SSE],
  ['image/png', SSE],
  [`${SSE};q=0`, SSE],
  [',;/', SSE],
] as const

const ENCODINGS = [
  ['gzip', 'gzip'],
  ['gzip, deflate, br', 'gzip'],
  ['GZIP', 'gzip'],
  ['*', 'gzip'],
  ['gzip;q=0.5', 'gzip'],
  ['gzip;q=0', null],
  ['gzip; q=0.0', null],
  ['gzip;q=0, *', null],
  ['identity, gzip;q=0.5', null],
  ['br', null],
  ['x-gzip-foo', null],
  ['', null],
] as const

t.test('a stream has the form that its client prefers', async t => {
  const { port } = await build(t)
  for (const path of ['/channels/news/events', '/events?channel=news'])
    for (const [accept, expected] of STREAMS) {
      const socket = await openSocket(t, port)
      const head = readUntil(socket, '\r\n\r\n')
      socket.write(requestText('GET', path, { headers: { accept } }))
      const { status, headers } = parseAnswer(await head)
      t.match([status, headers.get('content-type')], [200, expected], `${path}, ${accept}`)
      t.match(headers.get('vary'), /accept/i)
      socket.destroy()
    }
})

t.test('files are compressed for those who prefer it', async t => {
  const { port } = await build(t)
  for (const path of ['/client.js', '/console', '/docs/swagger-ui.css'])
    for (const [accepted, expected] of ENCODINGS) {
      const request = requestText('GET', path, { headers: { 'accept-encoding': accepted, connection: 'close' } })
      const { status, headers } = await exchange(t, port, request)
      t.same([status, headers.get('content-encoding')], [200, expected], `${path}, ${accepted}`)
      t.match(headers.get('vary'), /accept-encoding/i)
    }
})

t.test('the root leads browsers to the console, and answers others with JSON', async t => {
  const { url } = await build(t)
  for (const [accept, status] of [
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 302],
    ['text/html', 302],
    ['*/*', 200],
    ['application/json', 200],
    ['application/json, text/html;q=0.9', 200],
    ['text/html;q=0, */*', 200],
    ['x-text/html-x', 200],
  ] as const) {
    const answer = await fetch(url, { headers: { accept }, redirect: 'manual' })
    t.equal(answer.status, status, accept)
  }
})

t.test('an unchanged file is not sent again, no matter which other tags the client sends', async t => {
  const { url } = await build(t)
  const tag = (await fetch(`${url}/client.js`)).headers.get('etag') as string // a file always has one
  for (const known of [tag, `"x",${tag}`, `"x" , ${tag} ,"y"`, tag.slice(2), '*']) {
    const answer = await fetch(`${url}/client.js`, { headers: { 'if-none-match': known } })
    t.equal(answer.status, 304, known)
  }
  t.equal((await fetch(`${url}/client.js`, { headers: { 'if-none-match': '"x"' } })).status, 200)
})

t.test('without a header a client gets the first form, and nothing compressed', async t => {
  const request = { headers: {} } as FastifyRequest // all that is looked at
  t.equal(preferredType(request, [SSE, NDJSON]), SSE)
  t.notOk(prefersGzip(request))
})
