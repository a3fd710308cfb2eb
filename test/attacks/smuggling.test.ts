import t from 'tap'
import { attackedGateway, UPGRADE } from '../support/attacked.js'
import { openWebSocket } from '../support/clients.js'
import { exchange, openSocket, readToEnd, readUntil, requestText } from '../support/raw-http.js'

const keep = { headers: { connection: 'keep-alive' } }
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
const SMUGGLED = requestText('POST', '/channels/smuggled', { body: 'smuggled' })

t.test('a body whose end is not clear is refused, and what is hidden in it is not executed', async t => {
  const { port, url, leavesNothing } = await attackedGateway(t)
  const listener = await openWebSocket(t, `${url}/channels/smuggled/ws`)
  const head = 'POST /channels/news HTTP/1.1\r\nHost: localhost\r\n'
  const length = `Content-Length: ${SMUGGLED.length}\r\n`
  const cases: Record<string, string> = {
    'a length and chunks': `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'chunks and a length': `${head}Transfer-Encoding: chunked\r\n${length}\r\n0\r\n\r\n${SMUGGLED}`,
    'two lengths': `${head}Content-Length: 0\r\n${length}\r\n${SMUGGLED}`,
    'a list of lengths': `${head}Content-Length: 0, ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    'a length with a sign': `${head}Content-Length: +0\r\n\r\n${SMUGGLED}`,
    'a length with a space before its colon': `${head}Content-Length : 0\r\n\r\n${SMUGGLED}`,
    'a coding behind a tab': `${head}Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'an unknown coding': `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'chunked twice': `${head}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'a header that goes on in the next line': `${head}X: a\r\n Transfer-Encoding: chunked\r\n\r\n${SMUGGLED}`,
    'a bare CR': `${head}X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'a chunk length that overflows': `${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${SMUGGLED}`,
    'chunks from HTTP/1.0': `POST /channels/news HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'a chunk without its line end': `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n${SMUGGLED}`,
  }
  for (const [what, text] of Object.entries(cases)) {
    const { status } = await exchange(t, port, text)
    t.ok(status === 400 || (what.includes('next line') && status !== 500), `${what}: ${status}`)
  }
  await fetch(`${url}/channels/smuggled`, { method: 'POST', body: 'true', headers: { connection: 'close' } })
  const first = await listener.next()
  // A folded header is one header, so that what follows is the next request in plain sight.
  t.ok(['true', 'smuggled'].includes(first.data))
  t.ok(listener.all.filter(({ data }) => data === 'smuggled').length <= 1)
  listener.socket.close()
  await listener.closed
  await leavesNothing('smuggling')
})

t.test('nothing behind a request for a stream is executed, in one packet or later', async t => {
  const { port, url, leavesNothing } = await attackedGateway(t)
  const listener = await openWebSocket(t, `${url}/channels/behind/ws`)
  const behind = requestText('POST', '/channels/behind', { ...keep, body: 'behind' })
  for (const path of ['/channels/news/events', '/channels/news/events?format=envelope', '/events?channel=news'])
    for (const accept of ['text/event-stream', 'application/x-ndjson'])
      for (const together of [true, false]) {
        const socket = await openSocket(t, port)
        const opened = readUntil(socket, '200 OK')
        const stream = requestText('GET', `${path}${path.includes('?') ? '&' : '?'}timeout=0.3`, {
          headers: { ...keep.headers, accept },
        })
        socket.write(together ? stream + behind : stream)
        await opened
        const end = readToEnd(socket)
        if (!together) socket.write(behind)
        t.same(statuses(await end), [], `${path}: one answer`)
      }
  await fetch(`${url}/channels/behind`, { method: 'POST', body: 'true', headers: { connection: 'close' } })
  t.equal((await listener.next()).data, 'true')
  listener.socket.close()
  await listener.closed
  await leavesNothing('pipelining')
})

t.test('requests pipelined behind a refused stream are told to retry', async t => {
  const { port } = await attackedGateway(t)
  const socket = await openSocket(t, port)
  const all = readToEnd(socket)
  socket.write(
    requestText('GET', '/channels/news/events?limit=0', keep) +
      requestText('POST', '/channels/news', { ...keep, body: 'x' }),
  )
  await new Promise(resolve => setTimeout(resolve, 100))
  socket.write(requestText('POST', '/channels/news', { body: 'x' }))
  t.same(statuses(await all), [400, 400, 200], 'the connection goes on')
})

t.test('an upgrade opens what it may, and nothing else', async t => {
  const { port, leavesNothing } = await attackedGateway(t)
  const upgrade = (path: string, headers: Record<string, string> = {}, method = 'GET', body = '') =>
    exchange(t, port, requestText(method, path, { headers: { ...UPGRADE, ...headers }, body }))
  for (const [what, answer] of Object.entries({
    'a plain path': await upgrade('/channels'),
    'a stream': await upgrade('/channels/news/events'),
    metrics: await upgrade('/metrics'),
    'a publish': await upgrade('/channels/news', {}, 'POST', 'x'),
    'a POST of a WebSocket path': await upgrade('/ws', {}, 'POST', 'x'),
    'no key': await upgrade('/ws', { 'sec-websocket-key': '' }),
    'an old version': await upgrade('/ws', { 'sec-websocket-version': '12' }),
    'an absolute URL of elsewhere': await upgrade('http://evil.example/x'),
    'an absolute URL of elsewhere, a path of ours': await upgrade('http://evil.example/ws'),
    'a body': await upgrade('/ws', {}, 'GET', SMUGGLED),
    'a body on a channel': await upgrade('/channels/news/ws', {}, 'GET', SMUGGLED),
    'a body in chunks': await upgrade('/ws', { 'transfer-encoding': 'chunked' }),
  }))
    t.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status}`)
  const h2c = { connection: 'Upgrade, HTTP2-Settings, close', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAA' }
  for (const [what, headers, path, status] of [
    ['h2c', h2c, '/healthz', 200],
    ['h2c on a WebSocket path', h2c, '/ws', 426],
    ['two offers', { ...h2c, upgrade: 'h2c, websocket' }, '/ws', 426],
    ['TLS', { ...h2c, upgrade: 'TLS/1.0' }, '/healthz', 200],
    ['nothing', { ...h2c, upgrade: '' }, '/healthz', 200],
  ] as const)
    t.equal((await exchange(t, port, requestText('GET', path, { headers }))).status, status, what)
  await leavesNothing('upgrades')
})

t.test('a connection on which each request offers h2c is served, without growing', async t => {
  const { app, port, leavesNothing } = await attackedGateway(t)
  const warnings: Error[] = []
  const warn = (warning: Error) => warnings.push(warning)
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))
  const socket = await openSocket(t, port)
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAA' }
  for (let i = 0; i < 50; i++) {
    const answer = readUntil(socket, '{"status":"ok"}')
    socket.write(requestText('GET', '/healthz', { headers }))
    await answer
  }
  socket.destroy()
  t.same(warnings, [])
  t.ok(app.server.listening)
  await leavesNothing('h2c again and again')
})

t.test('a request that was pipelined behind an offer of HTTP/2 is answered, too', async t => {
  const { port, leavesNothing } = await attackedGateway(t)
  const h2c = { connection: 'Upgrade', upgrade: 'h2c' }
  for (const path of ['/healthz', '/channels?counts=true']) {
    const socket = await openSocket(t, port)
    const all = readToEnd(socket)
    socket.write(
      requestText('GET', path, { headers: h2c }) + requestText('GET', '/healthz', { headers: { connection: 'close' } }),
    )
    t.same(statuses(await all), [200, 200], path)
  }
  await leavesNothing('a pipelined offer')
})

t.test('an upgrade behind requests that are not answered yet ends the connection after their answers', async t => {
  const { port, leavesNothing } = await attackedGateway(t)
  const ask = requestText('GET', '/channels?counts=true', keep)
  const h2c = { connection: 'Upgrade, HTTP2-Settings, close', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAA' }
  for (const headers of [UPGRADE, h2c])
    for (const path of ['/ws', '/channels/news/ws', '/healthz']) {
      const socket = await openSocket(t, port)
      const all = readToEnd(socket)
      socket.write(ask + ask + requestText('GET', path, { headers }))
      t.same(statuses(await all), [200, 200], `${headers.upgrade} ${path}`)
    }
  for (const headers of [UPGRADE, h2c]) {
    const socket = await openSocket(t, port)
    const all = readToEnd(socket)
    socket.write(requestText('GET', '/channels/news/events?timeout=0.2', keep) + requestText('GET', '/ws', { headers }))
    t.same(statuses(await all), [200], `${headers.upgrade} behind a stream`)
  }
  await leavesNothing('upgrades in a pipeline')
})
