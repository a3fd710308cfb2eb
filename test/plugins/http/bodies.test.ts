import Fastify from 'fastify'
import t from 'tap'
import carillon, { serverOptions } from '../../../src/app.js'
import { defaultConfig } from '../../../src/config/config.js'
import { build } from '../../support/gateway.js'
import { sameProblem } from '../../support/problems.js'
import { openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../../support/raw-http.js'

t.test('stalled headers and uploads are closed with a 408 problem', async t => {
  const options = serverOptions(defaultConfig)
  const app = Fastify({
    ...options,
    requestTimeout: 300,
    http: { ...options.http, headersTimeout: 200, connectionsCheckingInterval: 50 },
  })
  t.teardown(() => app.close())
  await app.register(carillon, {})
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const cases = {
    'a body that stops': requestText('POST', '/channels/news', { headers: { 'content-length': '100' }, body: 'x' }),
    'a body that never begins': requestText('POST', '/channels/news', { headers: { 'content-length': '100' } }),
    'chunks that stop':
      'POST /channels/news HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n',
    'headers that stop': 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX',
  }
  for (const [what, request] of Object.entries(cases)) {
    const socket = await openSocket(t, port)
    socket.write(request)
    sameProblem(t, parseAnswer(await readToEnd(socket)), 'request-timeout', what)
  }
})

t.test('the server has bounds for slow requests, and none for streams', async t => {
  const { requestTimeout = 0, http } = serverOptions(defaultConfig)
  t.ok(requestTimeout > 0 && requestTimeout <= 30_000)
  t.ok(Number(http?.headersTimeout) <= 30_000)
  t.ok(Number(http?.connectionsCheckingInterval) <= 5_000)
})

t.test('a connection stays open between two requests for KEEP_ALIVE_SECONDS', async t => {
  const { port } = await build(t, { config: { KEEP_ALIVE_SECONDS: 600 } })
  const socket = await openSocket(t, port)
  const answer = readUntil(socket, '{"status"')
  socket.write(requestText('GET', '/healthz', { headers: { connection: 'keep-alive' } }))
  const { headers } = parseAnswer(await answer)
  t.equal(headers.get('keep-alive'), 'timeout=600')
})
