import t from 'tap'
import type { ProblemType } from '../../src/problems.js'
import { build } from '../support/gateway.js'
import { fetchProblem, sameProblem } from '../support/problems.js'
import { exchange, openSocket, readUntil, requestText } from '../support/raw-http.js'

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
    ['GET', '/channels/news/ws/', 'not-found'],
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
})

t.test('a plain GET of a WebSocket path is told to upgrade', async t => {
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
