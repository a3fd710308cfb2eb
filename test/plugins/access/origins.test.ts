import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import WebSocket from 'ws'
import { ConfigError } from '../../../src/config/config.js'
import { readConfig } from '../../../src/config/environment.js'
import { openWebSocket } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { fetchProblem, sameProblem } from '../../support/problems.js'
import { exchange, openSocket, parseAnswer, type RawAnswer, readUntil, requestText } from '../../support/raw-http.js'
import { PAGES, TRANSPORTS } from '../../support/transports.js'

const APP = 'https://app.example.com'
const EVIL = 'https://evil.example'

const cors = ({ headers }: Pick<RawAnswer, 'headers'>) => ({
  origin: headers.get('access-control-allow-origin'),
  credentials: headers.get('access-control-allow-credentials'),
})
const GRANTED = { origin: APP, credentials: 'true' }
const NONE = { origin: null, credentials: null }
const variesWithOrigin = ({ headers }: Pick<RawAnswer, 'headers'>) => /\borigin\b/i.test(headers.get('vary') ?? '')

t.test('a page of elsewhere cannot publish, ask or listen, not even by what browsers send unasked', async t => {
  const { url, port } = await build(t)
  const listener = await openWebSocket(t, `${url}/channels/news/ws`)
  const requests = [
    requestText('POST', '/channels/news', { headers: { origin: EVIL, 'content-type': 'text/plain' }, body: 'forged' }),
    requestText('POST', '/channels/news', {
      headers: { origin: 'null', 'content-type': 'application/x-www-form-urlencoded' },
      body: 'forged',
    }),
    requestText('POST', '/publish', {
      headers: { origin: EVIL, 'content-type': 'application/json' },
      body: '{"messages":[{"channel":"news","data":"forged"}]}',
    }),
    requestText('OPTIONS', '/channels/news', { headers: { origin: EVIL, 'access-control-request-method': 'POST' } }),
    requestText('GET', '/channels', { headers: { origin: EVIL } }),
    requestText('GET', '/channels/news/events', { headers: { origin: EVIL } }),
    requestText('GET', '/channels/news/events', { headers: { origin: EVIL, accept: 'application/x-ndjson' } }),
    requestText('GET', '/events?channel=news', {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    }),
    requestText('GET', '/channels/%zz', { headers: { origin: EVIL } }),
    requestText('GET', '/nothing', { headers: { origin: EVIL } }),
  ]
  for (const request of requests) {
    const answer = await exchange(t, port, request)
    sameProblem(t, answer, 'origin-refused', request.split('\r\n')[0] ?? '')
    t.same(cors(answer), NONE)
    t.ok(variesWithOrigin(answer))
  }
  t.match(await (await fetch(`${url}/channels/news/subscribers`)).json(), { listeners: 1 }, 'no stream was opened')
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'true' })
  t.equal((await listener.next()).data, 'true', 'nothing forged came before')
})

const ANONYMOUS_GRANTS = '{"admin":["*"]}'

t.test('without access rules a page of this machine may use the gateway, on any port', async t => {
  const { url } = await build(t)
  for (const origin of [
    'http://localhost:5173',
    'http://127.0.0.1:8080',
    'http://[::1]:3001',
    'http://app.localhost:1',
  ]) {
    const answer = await fetch(`${url}/channels/news`, { method: 'POST', headers: { origin }, body: 'x' })
    t.equal(answer.status, 200, origin)
    t.equal(answer.headers.get('access-control-allow-origin'), origin)
    const preflight = await fetch(`${url}/channels/news`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' },
    })
    t.equal(preflight.status, 204)
    t.match(preflight.headers.get('access-control-allow-headers'), 'X-API-Key')
    const socket = await openWebSocket(t, `${url}/channels/news/ws`, { origin })
    socket.socket.close()
  }
  for (const origin of [
    'null',
    'http://localhost.evil.example',
    'http://evil.example:5173',
    'file://',
    'http://127.0.0.1.evil.example',
  ])
    t.equal(
      (await fetch(`${url}/channels/news`, { method: 'POST', headers: { origin }, body: 'x' })).status,
      403,
      origin,
    )

  const open = await build(t, { config: { ANONYMOUS_GRANTS } })
  const headers = { origin: 'http://localhost:5173' }
  const refused = await fetch(`${open.url}/channels/news`, { method: 'POST', headers, body: 'x' })
  t.match(await fetchProblem(t, refused, 'origin-refused'), {
    detail: 'ALLOWED_ORIGINS does not contain the origin "http://localhost:5173" of the web page.',
  })
})

t.test('a page of elsewhere gets nothing on any transport', async t => {
  const { url } = await build(t, {
    config: { ANONYMOUS_GRANTS, HISTORY: 'news*', PUBLIC_PAGES: 'metrics,openapi,docs,console' },
  })
  for (const [what, { ask, upstash }] of Object.entries({ ...TRANSPORTS, ...PAGES }))
    for (const origin of [EVIL, 'null', `${url}.evil.example`, 'http://localhost:1']) {
      const answer = await ask(url, { origin })
      t.equal(answer?.status, 403, `${what}, ${origin}`)
      t.equal(answer?.headers.get('access-control-allow-origin'), null)
      const body = await answer?.text()
      if (upstash) t.match(JSON.parse(body ?? ''), { error: /./ })
      else t.match(JSON.parse(body ?? ''), { type: 'urn:carillon:problem:origin-refused' })
    }
  const kept = await fetch(`${url}/channels/news/messages`)
  t.match(await kept.json(), { messages: [] }, 'nothing was published')
  t.match(await (await fetch(`${url}/channels/news/subscribers`)).json(), { listeners: 0 })
})

t.test('a WebSocket of a page of elsewhere is refused before the upgrade; programs and own pages are not', async t => {
  const { url, port } = await build(t)
  for (const path of ['/ws', '/channels/news/ws']) {
    const refused = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { origin: EVIL } })
    refused.on('error', () => {})
    const [, { statusCode, headers }] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage]
    t.same(
      { statusCode, type: headers['content-type'] },
      { statusCode: 403, type: 'application/problem+json; charset=utf-8' },
    )
    await openWebSocket(t, url + path)
    await openWebSocket(t, url + path, { headers: { origin: url } })
  }
  const listed = await build(t, { config: { ALLOWED_ORIGINS: APP } })
  await openWebSocket(t, `${listed.url}/ws`, { headers: { origin: APP } })
})

t.test('a listed page gets the CORS headers on answers, errors and streams', async t => {
  const { port } = await build(t, { config: { ALLOWED_ORIGINS: APP } })
  const headers = { origin: APP }
  const answers: [string, number][] = [
    [requestText('POST', '/channels/news', { headers, body: 'x' }), 200],
    [requestText('GET', '/channels', { headers }), 200],
    [requestText('GET', '/nothing', { headers }), 404],
    [requestText('DELETE', '/channels', { headers }), 405],
    [requestText('POST', '/channels/-', { headers }), 400],
    [requestText('GET', '/channels/%zz/events', { headers }), 400],
    [requestText('GET', `/channels/${'a'.repeat(9000)}/events`, { headers }), 414],
    [requestText('POST', '/channels/news', { headers, body: 'x'.repeat(70_000) }), 413],
    [requestText('POST', '/channels/news', { headers: { ...headers, 'content-encoding': 'gzip' }, body: 'x' }), 415],
  ]
  for (const [request, status] of answers) {
    const answer = await exchange(t, port, request)
    t.equal(answer.status, status)
    t.same(cors(answer), GRANTED, `${status} ${request.slice(0, 40)}`)
    t.ok(variesWithOrigin(answer))
  }
  for (const accept of ['text/event-stream', 'application/x-ndjson']) {
    const socket = await openSocket(t, port)
    const head = readUntil(socket, '\r\n\r\n')
    socket.write(requestText('GET', '/channels/news/events', { headers: { ...headers, accept } }))
    const answer = parseAnswer(await head)
    t.same(cors(answer), GRANTED, accept)
    t.match(answer.headers.get('vary'), /origin.*accept/i)
    t.match(answer.headers.get('access-control-expose-headers'), /retry-after/i)
  }
})

t.test('answers vary with the origin where any may be listed, also for who has none', async t => {
  const { port } = await build(t, { config: { ALLOWED_ORIGINS: APP } })
  const answer = await exchange(t, port, requestText('GET', '/channels'))
  t.same(cors(answer), NONE)
  t.ok(variesWithOrigin(answer))
})

t.test('a preflight is answered for a listed page, and an OPTIONS that is none is not', async t => {
  const { port } = await build(t, { config: { ALLOWED_ORIGINS: APP } })
  const ask = (headers: Record<string, string>) =>
    exchange(t, port, requestText('OPTIONS', '/channels/news', { headers }))
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'idempotency-key,x-evil',
  }
  const granted = await ask({ origin: APP, ...preflight })
  t.equal(granted.status, 204)
  t.same(cors(granted), GRANTED)
  t.match(granted.headers.get('access-control-allow-methods'), 'POST')
  t.match(granted.headers.get('access-control-allow-headers'), 'Idempotency-Key')
  t.notMatch(granted.headers.get('access-control-allow-headers'), 'x-evil')
  t.equal(granted.headers.get('access-control-max-age'), '600')

  sameProblem(t, await ask({ origin: EVIL, ...preflight }), 'origin-refused', 'of elsewhere')
  for (const headers of [{ origin: APP }, {}])
    t.equal((await ask(headers)).headers.get('access-control-allow-methods'), null, 'no preflight')
})

const allowedHeaders = async (t: Test, port: number): Promise<string[]> => {
  const headers = { origin: APP, 'access-control-request-method': 'POST' }
  const answer = await exchange(t, port, requestText('OPTIONS', '/channels/news', { headers }))
  return (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ')
}

t.test('a page may send what tracing and common HTTP clients add to each request', async t => {
  const { port } = await build(t, { config: { ALLOWED_ORIGINS: APP } })
  const allowed = await allowedHeaders(t, port)
  for (const name of ['traceparent', 'tracestate', 'baggage', 'sentry-trace', 'x-requested-with'])
    t.ok(allowed.includes(name), name)
})

t.test('ALLOWED_HEADERS adds to what pages may send', async t => {
  for (const ALLOWED_HEADERS of ['X-Tenant,b3', ' X-Tenant , b3 ']) {
    const { port } = await build(t, { config: { ALLOWED_ORIGINS: APP, ALLOWED_HEADERS } })
    const allowed = await allowedHeaders(t, port)
    for (const name of ['x-tenant', 'b3', 'authorization', 'baggage']) t.ok(allowed.includes(name), name)
  }
  for (const ALLOWED_HEADERS of ['X-A\r\nX-B', 'X A', '*', 'X-A,', 'X-A:'])
    t.throws(
      () => readConfig({ ALLOWED_HEADERS }),
      { name: 'ConfigError', message: /^ALLOWED_HEADERS / },
      ALLOWED_HEADERS,
    )
})

t.test('a page may read every header in which an answer says what to do next', async t => {
  const { port } = await build(t, { config: { ALLOWED_ORIGINS: APP } })
  const answer = await exchange(t, port, requestText('DELETE', '/channels', { headers: { origin: APP } }))
  const exposed = answer.headers.get('access-control-expose-headers')?.toLowerCase().split(', ')
  for (const name of ['allow', 'ratelimit', 'ratelimit-policy', 'retry-after', 'www-authenticate'])
    t.ok(exposed?.includes(name), name)
})

t.test('with an asterisk no answer carries credentials, nor the origin that asked', async t => {
  const { port } = await build(t, { config: { ALLOWED_ORIGINS: `*,${APP}` } })
  const ask = (origin: string) => exchange(t, port, requestText('GET', '/channels', { headers: { origin } }))
  t.same(cors(await ask(EVIL)), { origin: '*', credentials: null })
  t.same(cors(await ask('null')), { origin: '*', credentials: null })
  t.same(cors(await ask(APP)), GRANTED)
})

t.test('a list that holds no origin ends the start', async t => {
  await t.rejects(build(t, { config: { ALLOWED_ORIGINS: 'example.com' } }), ConfigError)
})
