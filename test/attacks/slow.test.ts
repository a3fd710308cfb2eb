import { once } from 'node:events'
import t from 'tap'
import { attackedGateway, UPGRADE } from '../support/attacked.js'
import { openWebSocket } from '../support/clients.js'
import { sameProblem } from '../support/problems.js'
import { openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../support/raw-http.js'

/** In seconds; the defaults are 25, checked each 5, and 15. */
const FAST = { REQUEST_TIMEOUT_SECONDS: 0.5, HEARTBEAT_SECONDS: 0.4 }

t.test('what does not come to its end is cut: silence, heads, bodies, handshakes', async t => {
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
      const answer = readToEnd(socket)
      socket.write(text)
      sameProblem(t, parseAnswer(await answer), 'request-timeout', what)
    }),
  )
  const silent = await openSocket(t, port)
  const closed = readToEnd(silent)
  t.ok(await closed.then(() => true), 'a connection that says nothing')
  await leavesNothing('slow requests')
})

t.test('a request that trickles is cut all the same', async t => {
  const { port, leavesNothing } = await attackedGateway(t, FAST)
  const socket = await openSocket(t, port)
  const closed = once(socket, 'close')
  socket.resume()
  socket.write('POST /channels/news HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n')
  const trickle = setInterval(() => socket.writable && socket.write('x'), 20)
  await closed
  clearInterval(trickle)
  await leavesNothing('a trickle')
})

t.test('a WebSocket that stops in the middle of a frame, or does not answer a ping, is cut', async t => {
  const { port, url, leavesNothing } = await attackedGateway(t, FAST)
  for (const path of ['/channels/news/ws', '/ws'])
    for (const [what, bytes] of Object.entries({ silence: [], 'half a frame': [0x81, 0x85, 0, 0, 0, 0, 0x68] })) {
      const socket = await openSocket(t, port)
      const opened = readUntil(socket, ' 101 ')
      socket.write(requestText('GET', path, { headers: UPGRADE }))
      await opened
      const closed = once(socket, 'close')
      socket.resume()
      socket.write(Buffer.from(bytes))
      await closed
      t.pass(`${path}: ${what}`)
    }
  const alive = await openWebSocket(t, `${url}/channels/news/ws`)
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello', headers: { connection: 'close' } })
  t.equal((await alive.next()).data, 'hello')
  alive.socket.close()
  await alive.closed
  await leavesNothing('silent WebSockets')
})
