import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { attackedGateway, UPGRADE } from '../support/attacked.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { sameProblem } from '../support/problems.js'
import { openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../support/raw-http.js'
import { until } from '../support/until.js'

/** In seconds; the defaults are 25, checked each 5, and 15: `npm run test:slow` waits for those. */
const WAITS = process.env.DEFAULT_TIMES !== undefined
const FAST = WAITS ? {} : { REQUEST_TIMEOUT_SECONDS: 0.5, HEARTBEAT_SECONDS: 0.4 }

/** With the default settings all of it is over within 30 s, and a little more where the machine is busy. */
function stopwatch(t: Test) {
  const began = performance.now()
  return (what: string) => {
    const seconds = (performance.now() - began) / 1000
    if (WAITS) t.comment(`${what}: cut after ${seconds.toFixed(1)} s`)
    t.ok(!WAITS || seconds < 33, `${what}: in time`)
  }
}

t.test('stalled connections are closed: idle ones, heads, bodies, handshakes', async t => {
  const { port, leavesNothing } = await attackedGateway(t, FAST)
  const head = 'POST /channels/news HTTP/1.1\r\nHost: localhost\r\n'
  const cases: Record<string, string> = {
    'a request line that stops': 'GE',
    'a head that stops': head,
    'a head one field at a time': `${head}X-a: b\r\n`,
    'a body that does not come': `${head}Content-Length: 10\r\n\r\n`,
    'a body that stops': `${head}Content-Length: 10\r\n\r\nhalf`,
    'chunks that stop': `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`,
    'half a WebSocket handshake':
      'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n',
    'half an h2c handshake': `${head}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\nhalf`,
  }
  await Promise.all(
    Object.entries(cases).map(async ([what, text]) => {
      const socket = await openSocket(t, port)
      const over = stopwatch(t)
      const answer = readToEnd(socket)
      socket.write(text)
      sameProblem(t, parseAnswer(await answer), 'request-timeout', what)
      over(what)
    }),
  )
  const over = stopwatch(t)
  t.equal(await readToEnd(await openSocket(t, port)), '', 'a connection that says nothing gets no answer')
  over('a connection that says nothing')
  await leavesNothing('slow requests')
})

t.test('an answer of which nothing is taken is cut, and a stream on which nothing happens is not', async t => {
  const { app, url } = await build(t)
  t.equal(app.server.timeout, 90_000)
  app.server.timeout = 200
  const stream = await openSse(t, `${url}/channels/news/events`)
  const webSocket = await openWebSocket(t, `${url}/channels/news/ws`)
  const [connection] = await Promise.all([
    once(app.server, 'connection') as Promise<[Socket]>,
    openSocket(t, Number(new URL(url).port)).then(socket => {
      socket.pause()
      socket.write(
        requestText('GET', '/docs/swagger-ui-bundle.js', { headers: { connection: 'keep-alive' } }).repeat(20),
      )
    }),
  ])
  await once(connection[0], 'close')
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
  t.match((await stream.next()).data, 'hello')
  t.match((await webSocket.next()).data, 'hello')
})

t.test('a request that trickles is cut all the same', async t => {
  const { port, leavesNothing } = await attackedGateway(t, FAST)
  const socket = await openSocket(t, port)
  const over = stopwatch(t)
  const answer = readToEnd(socket)
  socket.write('POST /channels/news HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n')
  const trickle = setInterval(() => socket.writable && socket.write('x'), 20)
  sameProblem(t, parseAnswer(await answer), 'request-timeout', 'a body that trickles')
  over('a body that trickles')
  clearInterval(trickle)
  await leavesNothing('a trickle')
})

t.test('a WebSocket that stops in the middle of a frame, or does not answer a ping, is cut', async t => {
  const { port, url, leavesNothing } = await attackedGateway(t, FAST)
  const cut = ['/channels/news/ws', '/ws'].flatMap(path =>
    Object.entries({ silence: [], 'half a frame': [0x81, 0x85, 0, 0, 0, 0, 0x68] }).map(async ([what, bytes]) => {
      const socket = await openSocket(t, port)
      const opened = readUntil(socket, ' 101 ')
      socket.write(requestText('GET', path, { headers: UPGRADE }))
      await opened
      const over = stopwatch(t)
      const closed = once(socket, 'close')
      socket.resume()
      socket.write(Buffer.from(bytes))
      await closed
      over(`${path}: ${what}`)
    }),
  )
  await Promise.all(cut)
  const alive = await openWebSocket(t, `${url}/channels/news/ws`)
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello', headers: { connection: 'close' } })
  t.equal((await alive.next()).data, 'hello')
  alive.socket.close()
  await alive.closed
  await leavesNothing('silent WebSockets')
})

t.test('a client that takes nothing of what was sent is cut, however much it may lag', async t => {
  const { port, url, leavesNothing } = await attackedGateway(t, { ...FAST, MAX_BUFFERED_BYTES: 64 * 1024 * 1024 })
  const stuck = Object.entries({
    SSE: ['/channels/news/events', {}],
    NDJSON: ['/channels/news/events', { accept: 'application/x-ndjson' }],
    WebSocket: ['/channels/news/ws', UPGRADE],
  } as const).map(async ([what, [path, headers]]) => {
    const socket = await openSocket(t, port)
    const opened = readUntil(socket, /\r\n\r\n/)
    socket.write(requestText('GET', path, { headers }))
    await opened
    socket.pause()
    return { what, socket }
  })
  const sockets = await Promise.all(stuck)
  const listeners = async () => {
    const answer = await fetch(`${url}/channels/news/subscribers`, { headers: { connection: 'close' } })
    return ((await answer.json()) as { listeners: number }).listeners
  }
  t.equal(await listeners(), 3)
  const over = stopwatch(t)
  const body = 'x'.repeat(60_000)
  // More than the kernel keeps for a connection on this machine.
  for (let i = 0; i < 300; i++)
    await (await fetch(`${url}/channels/news`, { method: 'POST', body, headers: { connection: 'close' } })).text()
  await until(async () => (await listeners()) === 0, 'all are cut', { seconds: 60 })
  over('clients that take nothing')
  for (const { socket } of sockets) socket.destroy()
  await leavesNothing('stuck clients')
})
