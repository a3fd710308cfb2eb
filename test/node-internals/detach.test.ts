import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify from 'fastify'
import t from 'tap'
import carillon, { serverOptions } from '../../src/app.js'
import { defaultConfig } from '../../src/config/config.js'
import { detach, detaching } from '../../src/node-internals/detach.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { openSocket, readToEnd, readUntil, requestText } from '../support/raw-http.js'

t.test('an open stream holds no parser, no request and no response', async t => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')

  const held: WeakRef<object>[] = []
  const sockets: (Socket & { parser?: object | null })[] = []
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200).flushHeaders()
    const socket: (typeof sockets)[number] = request.socket
    held.push(new WeakRef(request), new WeakRef(response), new WeakRef(socket.parser ?? {}))
    await setImmediate()
    detach(response, socket)
    sockets.push(socket)
    socket.write('2\r\nup\r\n')
  })
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1') // it listens on TCP
  t.teardown(() => client.destroy())
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await readUntil(client, 'up')

  // What ran in a callback may be held until the loop has turned.
  for (let turn = 0; turn < 20 && held.some(ref => ref.deref()); turn++) {
    await setImmediate()
    collect()
  }
  t.same(
    held.map(ref => ref.deref() === undefined),
    [true, true, true],
  )
  t.equal(sockets[0]?.parser, null)
  t.equal(sockets[0]?.writable, true, 'and lives on')
  const ended = once(sockets[0] as Socket, 'close') // written above
  client.end()
  await ended
})

onBothWays(t, detaching, 'for Fastify the request is over when the stream is open', async (t, isFast) => {
  const app = Fastify(serverOptions(defaultConfig))
  t.teardown(() => app.close())
  const over: string[] = []
  app.addHook('onResponse', async ({ url }, { statusCode }) => void over.push(`${statusCode} ${url}`))
  await app.register(carillon)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const stream = await openSse(t, `${url}/channels/a/events`)
  await fetch(`${url}/channels/a`, { method: 'POST', body: 'hello' })
  t.equal((await stream.next()).data, 'hello')
  if (isFast) t.same(over, ['200 /channels/a/events', '200 /channels/a'])
  else t.same(over, ['200 /channels/a'], 'that of the stream goes on')
})

onBothWays(t, detaching, 'a client that closes its side has left', async t => {
  const { port } = await build(t)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  socket.write(requestText('GET', '/channels/a/events', { headers: { connection: 'keep-alive' } }))
  await opened
  const end = readToEnd(socket)
  socket.end()
  t.equal(await end, '')
})

onBothWays(t, detaching, 'what a client sends behind its request is not taken for one', async t => {
  const { port, url } = await build(t)
  const stream = await openSse(t, `${url}/channels/b/events`)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  socket.write(requestText('GET', '/channels/a/events', { headers: { connection: 'keep-alive' } }))
  await opened
  const message = readUntil(socket, 'data: after')
  socket.write(requestText('POST', '/channels/b', { body: 'smuggled' }))
  await fetch(`${url}/channels/a`, { method: 'POST', body: 'after' })
  t.notMatch(await message, 'HTTP/1.1')
  await fetch(`${url}/channels/b`, { method: 'POST', body: 'true' })
  t.equal((await stream.next()).data, 'true')
})

onBothWays(t, detaching, 'for Fastify the request of a WebSocket is over when it is open', async (t, isFast) => {
  const app = Fastify(serverOptions(defaultConfig))
  t.teardown(() => app.close())
  const over: string[] = []
  app.addHook('onResponse', async ({ url }) => void over.push(url))
  await app.register(carillon)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = await openWebSocket(t, `${url}/channels/a/ws`)
  await fetch(`${url}/channels/a`, { method: 'POST', body: 'hello' })
  t.equal((await socket.next()).data, 'hello')
  t.same(over, isFast ? ['/channels/a/ws', '/channels/a'] : ['/channels/a'])
})
