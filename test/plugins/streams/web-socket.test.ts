import { once } from 'node:events'
import { Duplex } from 'node:stream'
import t from 'tap'
import type { ProblemType } from '../../../src/protocol/problem-types.js'
import { build } from '../../support/gateway.js'
import { fetchProblem, sameProblem } from '../../support/problems.js'
import { exchange, openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../../support/raw-http.js'

const UPGRADE = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

t.test('an upgrade that cannot be is refused before 101, and its connection ends', async t => {
  const { port } = await build(t)
  const cases: [method: string, path: string, type: ProblemType][] = [
    ['GET', '/channels', 'invalid-request'],
    ['GET', '/channels/news/events', 'invalid-request'],
    ['GET', '/healthz', 'invalid-request'],
    ['POST', '/channels/news', 'invalid-request'],
    ['GET', '/nothing', 'not-found'],
    ['GET', '/channels/news', 'invalid-request'],
    ['POST', '/ws', 'method-not-allowed'],
    ['GET', '/ws?ticket=a&ticket=b', 'invalid-request'],
    ['GET', '/channels/news/ws?since=tuesday', 'invalid-request'],
    ['GET', '/channels/%zz/ws', 'bad-url'],
  ]
  for (const [method, path, type] of cases)
    sameProblem(t, await exchange(t, port, requestText(method, path, { headers: UPGRADE })), type, `${method} ${path}`)
})

t.test('a handshake that RFC 6455 does not allow is refused with a problem', async t => {
  const { url, port } = await build(t)
  const broken = [
    { 'sec-websocket-key': 'short' },
    { 'sec-websocket-version': '12' },
    { 'sec-websocket-protocol': 'a,,b' },
  ]
  for (const path of ['/ws', '/channels/news/ws'])
    for (const headers of broken)
      sameProblem(
        t,
        await exchange(t, port, requestText('GET', path, { headers: { ...UPGRADE, ...headers } })),
        'invalid-request',
        `${path} ${JSON.stringify(headers)}`,
      )
  t.match(await (await fetch(`${url}/channels/news/subscribers`)).json(), { listeners: 0 })

  const old = { ...UPGRADE, 'sec-websocket-version': '12' }
  const { headers } = await exchange(t, port, requestText('GET', '/ws', { headers: old }))
  t.equal(headers.get('sec-websocket-version'), '13', 'RFC 6455 section 4.4')
})

t.test('a plain GET of a WebSocket path gets 426', async t => {
  const { url, port } = await build(t)
  for (const path of ['/ws', '/channels/news/ws']) {
    await fetchProblem(t, await fetch(url + path), 'upgrade-required', path)
    const { headers } = await exchange(t, port, requestText('GET', path))
    t.equal(headers.get('upgrade'), 'websocket')
    t.match(headers.get('connection'), /upgrade/i)
  }
})

t.test('a request that offers HTTP/2, as some clients always do, is served as HTTP/1.1', async t => {
  const { url, port } = await build(t)
  const headers = { connection: 'Upgrade, HTTP2-Settings, close', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAA' }
  const answer = await exchange(t, port, requestText('POST', '/channels/news', { headers, body: 'hello' }))
  t.same(
    { status: answer.status, body: JSON.parse(answer.body) },
    { status: 200, body: { channel: 'news', receivers: 0 } },
  )
  t.equal((await exchange(t, port, requestText('GET', '/healthz', { headers }))).status, 200)

  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  socket.write(requestText('GET', '/channels/news/events', { headers }))
  await opened
  const message = readUntil(socket, 'data: hello')
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
  t.ok(await message)
})

const H2C = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAA' }

t.test(
  'a POST that offers HTTP/2 is published, however its body arrives, and its connection serves the next one',
  async t => {
    const { port } = await build(t)
    const socket = await openSocket(t, port)
    const [head, body] = requestText('POST', '/channels/news', { headers: H2C, body: 'hello' }).split('\r\n\r\n')
    const first = readUntil(socket, '"receivers"')
    socket.write(`${head}\r\n\r\n`)
    await new Promise(resolve => setImmediate(resolve))
    socket.write(body?.slice(0, 2) ?? '')
    await new Promise(resolve => setImmediate(resolve))
    socket.write(body?.slice(2) ?? '')
    t.match(await first, /^HTTP\/1\.1 200 OK/)
    const refused = readUntil(socket, '"status":404')
    socket.write(requestText('POST', '/nothing', { headers: H2C, body: 'hello' }))
    await refused
    const chunked = readToEnd(socket)
    const headers = { ...H2C, connection: `${H2C.connection}, close`, 'transfer-encoding': 'chunked' }
    socket.write(
      requestText('POST', '/channels/news', { headers, body: '5\r\nhello\r\n0\r\n\r\n' }).replace(
        /content-length.*\r\n/,
        '',
      ),
    )
    t.match(await chunked, /^HTTP\/1\.1 200 OK/)
  },
)

t.test('a WebSocket handshake with a body is refused, and nothing behind it is served', async t => {
  const { port } = await build(t)
  for (const [method, path] of [
    ['GET', '/ws'],
    ['GET', '/channels/news/ws'],
    ['POST', '/channels/news'],
  ] as const) {
    const behind = requestText('GET', '/healthz')
    const answer = await exchange(
      t,
      port,
      requestText(method, path, { headers: { ...UPGRADE, 'content-length': '5' }, body: 'hello' }) + behind,
    )
    sameProblem(t, answer, 'invalid-request', `${method} ${path}`)
    t.notMatch(answer.body, 'HTTP/1.1', `${method} ${path}: one answer`)
  }
})

t.test('an error on a connection that is no socket is answered and ends nothing else', async t => {
  const { app, url } = await build(t)
  const written: string[] = []
  const connection = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(`${chunk}`)
      done()
    },
  })
  const closed = once(connection, 'close')
  app.server.emit('clientError', Object.assign(new Error('slow'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), connection)
  await closed
  t.match(written.join(''), /^HTTP\/1\.1 408 /)

  const broken = Object.assign(new Duplex({ read() {} }), {
    write() {
      throw new Error('it cannot be written to')
    },
  })
  app.server.emit('clientError', new Error('nonsense'), broken)
  t.ok(broken.destroyed)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

t.test('of the subprotocols that a client offers only ours is chosen, and else none', async t => {
  const { port } = await build(t)
  for (const path of ['/ws', '/channels/news/ws'])
    for (const [offered, chosen] of [
      ['graphql-ws', null],
      ['graphql-ws, mqtt', null],
      ['graphql-ws, carillon', 'carillon'],
    ] as const) {
      const socket = await openSocket(t, port)
      const opened = readUntil(socket, '\r\n\r\n')
      socket.write(requestText('GET', path, { headers: { ...UPGRADE, 'sec-websocket-protocol': offered } }))
      const { status, headers } = parseAnswer(await opened)
      t.same([status, headers.get('sec-websocket-protocol')], [101, chosen], `${path}: ${offered}`)
      socket.destroy()
    }
})
