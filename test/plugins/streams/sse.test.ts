import t from 'tap'
import { openSse } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { openSocket, readToEnd, readUntil, requestText } from '../../support/raw-http.js'
import { until } from '../../support/until.js'

const keep = { headers: { connection: 'keep-alive' } }

async function listeners(url: string): Promise<unknown> {
  return ((await (await fetch(`${url}/channels/a/subscribers`)).json()) as { listeners: unknown }).listeners
}

t.test('a stream that was pipelined behind another request comes after its answer', async t => {
  const { url, port } = await build(t)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  socket.write(requestText('GET', '/healthz', keep) + requestText('GET', '/channels/a/events', keep))
  const [, first, second] = (await opened).split('HTTP/1.1 200 OK\r\n')
  t.match(first, '{"status":"ok"}')
  t.match(second, /text\/event-stream/)
  const message = readUntil(socket, 'data: hello\n\n')
  await fetch(`${url}/channels/a`, { method: 'POST', body: 'hello' })
  t.ok(await message)
})

t.test('a stream with requests pipelined behind it leaves nothing behind when the client leaves', async t => {
  const { url, port } = await build(t)
  for (const behind of ['/channels/a/events', '/events?channel=a&channel=b', '/healthz']) {
    const socket = await openSocket(t, port)
    const opened = readUntil(socket, 'retry:')
    socket.write(requestText('GET', '/channels/a/events', keep) + requestText('GET', behind, keep))
    await opened
    socket.destroy()
    await until(async () => (await listeners(url)) === 0, `nobody listens after ${behind}`)
  }
})

t.test('a publish that was pipelined behind a stream is not executed, as its answer would never come', async t => {
  const { url, port } = await build(t)
  const other = await openSse(t, `${url}/channels/b/events`)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  const post = requestText('POST', '/channels/b', { ...keep, body: 'never answered' })
  socket.write(requestText('GET', '/channels/a/events', keep) + post)
  await opened
  await fetch(`${url}/channels/b`, { method: 'POST', body: 'answered' })
  t.equal((await other.next()).data, 'answered')
})

t.test('a body that was pipelined behind a stream leaves nothing of its connection in the server', async t => {
  const { url, port } = await build(t)
  const post = requestText('POST', '/channels/b', { ...keep, body: 'never answered' })
  for (let i = 0; i < 20; i++) {
    const socket = await openSocket(t, port)
    const opened = readUntil(socket, 'retry:')
    socket.write(requestText('GET', '/channels/a/events', keep) + post)
    await opened
    socket.destroy()
  }
  await until(async () => (await listeners(url)) === 0, 'all have left')
  // Closing the server reads its list of connections: a parser that was freed but is still listed ends the process.
})

t.test('a publish that was pipelined behind another one comes after it', async t => {
  const { url, port } = await build(t)
  const stream = await openSse(t, `${url}/channels/b/events`)
  const socket = await openSocket(t, port)
  const answers = readUntil(socket, /receivers.*receivers/s)
  const bodies = ['first', 'second']
  socket.write(bodies.map(body => requestText('POST', '/channels/b', { ...keep, body })).join(''))
  await answers
  for (const body of bodies) t.equal((await stream.next()).data, body)
})

t.test('a client of HTTP/1.0 gets the stream without chunks, and its end as the end of the connection', async t => {
  const { url, port } = await build(t)
  for (const accept of ['text/event-stream', 'application/x-ndjson']) {
    const socket = await openSocket(t, port)
    const all = readToEnd(socket)
    const opened = readUntil(socket, '\r\n\r\n')
    socket.write(requestText('GET', '/channels/a/events?limit=1', { version: '1.0', headers: { accept } }))
    await opened
    await fetch(`${url}/channels/a`, { method: 'POST', body: 'hello' })
    const [head = '', body = ''] = (await all).split('\r\n\r\n')
    t.notMatch(head.toLowerCase(), 'transfer-encoding')
    t.match(head.toLowerCase(), `content-type: ${accept}`)
    if (accept === 'text/event-stream') t.match(body, /^retry: \d+\n(:\n)*data: hello\n\n$/)
    else t.equal(body.trimStart(), '{"channel":"a","data":"hello"}\n')
  }
})

t.test('a stream that ends by itself ends with a last chunk', async t => {
  const { url, port } = await build(t)
  const socket = await openSocket(t, port)
  const all = readToEnd(socket)
  socket.write(requestText('GET', '/channels/a/events?timeout=0.05', keep))
  t.match(await all, /\r\n0\r\n\r\n$/)
  t.equal(await listeners(url), 0)
})
