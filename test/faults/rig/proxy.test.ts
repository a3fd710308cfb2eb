import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { FreezingProxy } from './proxy.js'

/** A server that sends back what it gets, and keeps a list of it. */
async function echo(t: Test): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', data => {
      heard.push(`${data}`)
      socket.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port, heard } // it listens on TCP
}

async function dial(t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A round trip over another connection: whatever could have passed before it has passed. */
async function roundTrip(t: Test, port: number): Promise<void> {
  const socket = await dial(t, port)
  socket.write('?')
  await once(socket, 'data')
}

t.test('passes bytes both ways', async t => {
  const { port } = await echo(t)
  const proxy = await FreezingProxy.start(t, port)
  const socket = await dial(t, proxy.port)
  socket.write('hello')
  t.equal(`${(await once(socket, 'data'))[0]}`, 'hello')
})

t.test('frozen, passes nothing, and thawed passes what was held, also on connections made meanwhile', async t => {
  const { port, heard } = await echo(t)
  const proxy = await FreezingProxy.start(t, port)
  const socket = await dial(t, proxy.port)
  socket.write('before')
  await once(socket, 'data')
  proxy.freeze()
  const late = await dial(t, proxy.port)
  late.write('late')
  socket.write('held')
  await roundTrip(t, port)
  t.same(heard, ['before', '?'])
  t.notOk(socket.destroyed)
  const answers = Promise.all([once(socket, 'data'), once(late, 'data')])
  proxy.thaw()
  t.same(`${(await answers).flat()}`, 'held,late')
})

t.test('strands the connections of now and serves new ones', async t => {
  const { port, heard } = await echo(t)
  const proxy = await FreezingProxy.start(t, port)
  const socket = await dial(t, proxy.port)
  socket.write('before')
  await once(socket, 'data')
  proxy.strand()
  socket.write('lost')
  await roundTrip(t, proxy.port)
  t.same(heard, ['before', '?'])
  t.notOk(socket.destroyed)
})

t.test('cuts every connection', async t => {
  const { port } = await echo(t)
  const proxy = await FreezingProxy.start(t, port)
  const socket = await dial(t, proxy.port)
  socket.write('hello')
  await once(socket, 'data')
  proxy.cut()
  await once(socket, 'close')
  t.equal(proxy.connections, 0)
})
