import t from 'tap'
import type { ProblemType } from '../../src/protocol/problem-types.js'
import { build } from '../support/gateway.js'
import { fetchProblem, sameProblem } from '../support/problems.js'
import { exchange, openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../support/raw-http.js'

t.test('a path that does not exist is a 404 problem', async t => {
  const { url, port } = await build(t)
  const paths = ['/nothing', '/channels/a/b', '/channels/a/events/x', '/CHANNELS']
  for (const path of [...paths, '/__proto__', '/constructor', '/healthz/x', '/favicon.ico'])
    await fetchProblem(t, await fetch(url + path), 'not-found', path)
  for (const path of ['/../../etc/passwd', '/channels/../healthz', '/channels/a/../../healthz', '/;', '/%2e%2e/'])
    sameProblem(t, await exchange(t, port, requestText('GET', path)), 'not-found', path)
})

t.test('a method that the path does not know is a 405 problem that lists those it does', async t => {
  const { url } = await build(t)
  const cases: [method: string, path: string, allow: string][] = [
    ['PUT', '/channels/news', 'GET, HEAD, POST'],
    ['PUT', '/channels/news/', 'GET, HEAD, POST'],
    ['DELETE', '/channels/news', 'GET, HEAD, POST'],
    ['GET', '/channels/news/history', 'DELETE'],
    ['PUT', '/publish', 'POST'],
    ['POST', '/channels', 'GET, HEAD, QUERY'],
    ['POST', '/channels/news/events', 'GET, HEAD'],
    ['POST', '/channels/news/ws', 'GET'],
    ['PATCH', '/ws', 'GET'],
    ['PROPFIND', '/channels/news/subscribers', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['QUERY', '/healthz', 'GET, HEAD'], // of which Fastify asks a content type
  ]
  for (const [method, path, allow] of cases) {
    const response = await fetch(url + path, { method })
    t.equal(response.headers.get('allow')?.split(', ').sort().join(', '), allow, `${method} ${path}: Allow`)
    await fetchProblem(t, response, 'method-not-allowed', `${method} ${path}`)
  }
})

t.test('HEAD answers as GET does, without a body, and opens no stream', async t => {
  const { port } = await build(t)
  for (const path of ['/channels', '/channels/a/subscribers', '/healthz', '/readyz', '/openapi.json']) {
    const { status, body } = await exchange(t, port, requestText('HEAD', path))
    t.same({ status, body }, { status: 200, body: '' }, path)
  }
  for (const [path, accept, type] of [
    ['/channels/a/events', '*/*', 'text/event-stream; charset=utf-8'],
    ['/events?channel=a', 'application/x-ndjson', 'application/x-ndjson; charset=utf-8'],
  ] as const) {
    const { status, headers, body } = await exchange(t, port, requestText('HEAD', path, { headers: { accept } }))
    t.same({ status, type: headers.get('content-type'), body }, { status: 200, type, body: '' }, path)
  }
  for (const path of ['/channels/a/ws', '/ws']) {
    const { status, headers, body } = await exchange(t, port, requestText('HEAD', path))
    t.same({ status, allow: headers.get('allow'), body }, { status: 405, allow: 'GET', body: '' }, path)
  }
  const counts = await exchange(t, port, requestText('GET', '/channels/a/subscribers'))
  t.match(JSON.parse(counts.body), { listeners: 0 }, 'it subscribes to nothing')
})

t.test('OPTIONS lists the methods of a path, and a slash at the end changes nothing', async t => {
  const { url } = await build(t)
  for (const [path, allow] of [
    ['/channels/news', 'GET, HEAD, POST, OPTIONS'],
    ['/channels/news/', 'GET, HEAD, POST, OPTIONS'],
    ['/publish', 'POST, OPTIONS'],
    ['/events?channel=a', 'GET, QUERY, HEAD, OPTIONS'],
  ] as const) {
    const response = await fetch(url + path, { method: 'OPTIONS' })
    t.same([response.status, response.headers.get('allow')?.split(', ').sort()], [204, allow.split(', ').sort()], path)
  }
  await fetchProblem(t, await fetch(`${url}/nothing`, { method: 'OPTIONS' }), 'not-found')
  t.equal((await fetch(`${url}/channels/news/`, { method: 'POST', body: 'x' })).status, 200)
  t.equal((await fetch(`${url}/channels/news/subscribers/`)).status, 200)
  t.equal((await fetch(`${url}/healthz/`)).status, 200)
})

t.test('what is not HTTP gets a problem on the bare socket', async t => {
  const { port } = await build(t)
  const head = 'POST /channels/news HTTP/1.1\r\nHost: localhost\r\n'
  const cases: [what: string, request: string, type: ProblemType][] = [
    ['no HTTP at all', 'hello\r\n\r\n', 'invalid-request'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'invalid-request'],
    ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'invalid-request'],
    ['a header without a colon', `${head}nonsense\r\n\r\n`, 'invalid-request'],
    ['a space before the colon', `${head}X : y\r\n\r\n`, 'invalid-request'],
    ['NUL in a header', `${head}X: a\0b\r\n\r\n`, 'invalid-request'],
    ['a bare LF', `${head}X: a\nY: b\r\n\r\n`, 'invalid-request'],
    ['two lengths', `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 'invalid-request'],
    ['a length and chunks', `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx`, 'invalid-request'],
    ['a bad length', `${head}Content-Length: x\r\n\r\n`, 'invalid-request'],
    ['a bad chunk', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'invalid-request'],
    ['an unknown transfer coding', `${head}Transfer-Encoding: gzip\r\n\r\n`, 'invalid-request'],
    ...['gzip, chunked', 'identity, chunked', 'gzip,Chunked'].map(
      codings =>
        [codings, `${head}Transfer-Encoding: ${codings}\r\n\r\n1\r\nx\r\n0\r\n\r\n`, 'unsupported-transfer-coding'] as [
          string,
          string,
          ProblemType,
        ],
    ),
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 'invalid-request'],
    ['an overlong header', `${head}X: ${'x'.repeat(20_000)}\r\n\r\n`, 'headers-too-large'],
    ['very many headers', `${head}${`X: ${'y'.repeat(10)}\r\n`.repeat(1900)}\r\n`, 'headers-too-large'],
  ]
  for (const [what, request, type] of cases) sameProblem(t, await exchange(t, port, request), type, what)
})

t.test('each problem on the bare socket tells its own detail', async t => {
  const { port } = await build(t)
  const overflow = await exchange(t, port, requestText('GET', '/healthz', { headers: { x: 'x'.repeat(20_000) } }))
  t.match(JSON.parse(overflow.body).detail, 'MAX_HEADER_BYTES')
})

t.test('data pipelined behind a request for a stream never appears in the stream', async t => {
  const { port, url } = await build(t)
  const keep = { headers: { connection: 'keep-alive' } }
  for (const behind of ['nonsense\r\n\r\n', requestText('GET', '/healthz', keep)]) {
    const socket = await openSocket(t, port)
    socket.write(requestText('GET', '/channels/a/events?limit=1', keep))
    await readUntil(socket, 'retry:')
    const rest = readToEnd(socket)
    socket.write(behind)
    // On another connection, so that the gateway has surely read what is behind.
    await fetch(`${url}/channels/a`, { method: 'POST', body: 'last' })
    const text = await rest
    t.match(text, 'data: last\n\n\r\n0\r\n\r\n')
    t.notMatch(text, 'HTTP/1.1')
  }
})

t.test('an expectation that the gateway does not know is passed over', async t => {
  const { port } = await build(t)
  const expect = requestText('POST', '/channels/a', { headers: { expect: '100-continue' }, body: 'x' })
  t.match(await exchange(t, port, expect), { status: 100, body: /^HTTP\/1.1 200 OK/ })
  const answer = await exchange(t, port, requestText('POST', '/channels/a', { headers: { expect: 'x' }, body: 'x' }))
  t.equal(answer.status, 200)
})

t.test('an error of the gateway itself tells the client nothing of its cause', async t => {
  const broker = new (await import('../../src/brokers/memory/broker.js')).MemoryBroker()
  broker.channels = () => Promise.reject(new Error('secret of Redis'))
  const { url } = await build(t, { broker })
  const response = await fetch(`${url}/channels`)
  const problem = await fetchProblem(t, response, 'internal-error')
  t.notMatch(JSON.stringify(problem), 'secret')
})

t.test('requests that come in one packet are answered in their order', async t => {
  const { port } = await build(t)
  const socket = await openSocket(t, port)
  const keep = { headers: { connection: 'keep-alive' } }
  const answers = readToEnd(socket)
  socket.write(requestText('GET', '/nothing', keep) + requestText('GET', '/healthz', keep) + requestText('PUT', '/ws'))
  const text = await answers
  t.same(
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['404', '200', '405'],
  )
  t.equal(parseAnswer(text).status, 404)
})
