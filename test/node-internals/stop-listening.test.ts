import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { stopListening, stopping } from '../../src/node-internals/stop-listening.js'
import { onBothWays } from '../support/fast-paths.js'
import { openSocket, readToEnd, requestText } from '../support/raw-http.js'

onBothWays(t, stopping, 'stops to listen', async (t, isFast) => {
  const server = createServer((_request, response) => response.end('answered')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const accepted = once(server, 'connection')
  const socket = await openSocket(t, port)
  await accepted
  const closed = once(server, 'close')
  const answer = readToEnd(socket)
  stopListening(server)
  t.notOk(server.listening)
  if (isFast) {
    socket.write(requestText('GET', '/'))
    t.match(await answer, 'answered', 'a connection that had sent nothing yet is served')
  } else {
    socket.destroy() // or Node has closed it already
  }
  await closed
  server.closeAllConnections()
  server.close(() => {}) // ends the timer that looks for slow requests
})
