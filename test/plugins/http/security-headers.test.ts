import Fastify from 'fastify'
import t from 'tap'
import { SECURITY_HEADERS, securityHeaders } from '../../../plugins/http/security-headers.js'
import { pages } from '../../../plugins/pages.js'
import { build } from '../../support/gateway.js'
import { exchange, openSocket, parseAnswer, readUntil, requestText } from '../../support/raw-http.js'

t.test('each answer tells browsers to run nothing, guess nothing and embed nothing', async t => {
  const { port } = await build(t)
  const carries = (headers: Headers, what: string) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) t.equal(headers.get(name), value, `${what}: ${name}`)
  }
  for (const [what, request] of Object.entries({
    'an answer': requestText('GET', '/healthz'),
    'no such path': requestText('GET', '/nothing'),
    'an error': requestText('GET', '/channels?x=1'),
    'an error before there is a route': requestText('GET', '/channels/%zz/events'),
    'no HTTP at all': 'nonsense\r\n\r\n',
  }))
    carries((await exchange(t, port, request)).headers, what)
  const published = await exchange(t, port, requestText('POST', '/channels/a', { body: 'x' }))
  t.equal(published.headers.get('x-content-type-options'), 'nosniff')
  for (const accept of ['text/event-stream', 'application/x-ndjson']) {
    const socket = await openSocket(t, port)
    const head = readUntil(socket, '\r\n\r\n')
    socket.write(requestText('GET', '/channels/a/events', { headers: { accept } }))
    carries(parseAnswer(await head).headers, accept)
  }
})

t.test('a page has the headers of helmet and a policy that allows what it asks for, and nothing else', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(securityHeaders)
  await app.register(async scope => {
    await scope.register(pages, { allow: { scriptSrc: ["'self'"], connectSrc: ["'self'"] } })
    scope.get('/page', async (_request, reply) => reply.type('text/html').send('<p>hello'))
  })
  app.get('/data', async () => ({}))
  const { headers } = await app.inject('/page')
  t.equal(
    headers['content-security-policy'],
    "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';script-src 'self';connect-src 'self'",
  )
  t.match(headers, {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  })
  t.notOk(headers['strict-transport-security'])
  t.match((await app.inject('/data')).headers, SECURITY_HEADERS)
})
