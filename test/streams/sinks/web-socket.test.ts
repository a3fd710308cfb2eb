import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { webSocketText } from '../../../src/protocol/web-socket.js'
import { WebSocketSink } from '../../../src/streams/sinks/web-socket.js'
import { openWebSocket } from '../../support/clients.js'
import { FORMATS } from '../../support/formats.js'

async function openSink(t: Test) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const client = await openWebSocket(t, `ws://127.0.0.1:${port}`)
  const [webSocket, { socket }] = (await connected) as [WebSocket, { socket: Socket }] // as ws emits them
  const sink = new WebSocketSink(socket)
  sink.write(webSocketText('nothing is written before the handshake'))
  sink.begin(webSocket)
  return { sink, webSocket, client }
}

t.test('writes frames as they are, beside those of ws itself', async t => {
  const { sink, webSocket, client } = await openSink(t)
  sink.write(Buffer.concat([webSocketText('a'), webSocketText('b')]))
  webSocket.send('c')
  sink.write(webSocketText('d'))
  t.same(
    (await client.take(4)).map(({ data }) => data),
    ['a', 'b', 'c', 'd'],
  )
})

t.test('says goodbye with the code and the name of the reason, and nothing after it', async t => {
  const { sink, client } = await openSink(t)
  sink.write(webSocketText('a'))
  sink.close('draining')
  sink.write(webSocketText('b'))
  t.same(await client.closed, { code: 1012, reason: 'draining' })
  t.same(
    client.all.map(({ data }) => data),
    ['a'],
  )
})

t.test('tells whether the peer has answered the last heartbeat', async t => {
  const { sink, webSocket } = await openSink(t)
  t.ok(sink.heartbeat(), 'nothing was asked before the first')
  sink.write(FORMATS.webSocket.heartbeat)
  await once(webSocket, 'pong')
  t.ok(sink.heartbeat())
  t.notOk(sink.heartbeat(), 'no ping went out, so none was answered')
})

t.test(
  'tells what waits, and is rid of a peer that takes no goodbye, within a bounded time',
  { timeout: 20_000 },
  async t => {
    const { sink, webSocket, client } = await openSink(t)
    client.socket.pause()
    const frame = FORMATS.webSocket.pack([webSocketText('x'.repeat(1024 * 1024))])
    const before = sink.flushed
    let written = 0
    while (sink.buffered === 0) {
      sink.write(frame)
      written += frame.length
    }
    t.equal(sink.flushed - before + sink.buffered, written)
    const closed = once(webSocket, 'close')
    sink.close('slow_consumer')
    await closed
    t.equal(webSocket.readyState, WebSocket.CLOSED)
  },
)

t.test('closing before the handshake is done harms nothing', async t => {
  const { webSocket } = await openSink(t)
  const sink = new WebSocketSink((webSocket as unknown as { _socket: Socket })._socket) // where ws keeps it
  sink.close('client_gone')
  t.equal(webSocket.readyState, WebSocket.OPEN)
})
