import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { mayPassStream, streamWrap, writePastStream } from '../../src/node-internals/stream-wrap.js'
import { openSse } from '../support/clients.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { readUntil } from '../support/raw-http.js'

/** Both ends of a connection. */
async function openPair(t: Test): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1') // it listens on TCP
  const [near] = (await accepted) as [Socket] // as net has it
  for (const socket of [near, far]) t.teardown(() => socket.destroy())
  return { near, far }
}

t.test('bytes get to the client, and the stream of the socket sees none of them', async t => {
  t.ok(streamWrap.isInUse, `it is lost on Node ${process.version}`)
  const { near, far } = await openPair(t)
  t.ok(mayPassStream(near))
  const streamed = t.intercept(near, 'write')
  const read = readUntil(far, 'hello')
  const writer = { written: () => t.fail('nothing waits') }
  t.equal(writePastStream(near, Buffer.from('hello'), writer), 'done')
  t.equal(await read, 'hello')
  t.same([streamed().length, near.bytesWritten], [0, 5])
})

t.test('bytes that the kernel does not accept wait, and the writer is notified when they are sent', async t => {
  const { near, far } = await openPair(t)
  const bytes = Buffer.alloc(16 * 1024 * 1024)
  const written = new Promise<boolean>(resolve => {
    t.equal(writePastStream(near, bytes, { written: resolve }), 'waits')
  })
  let taken = 0
  far.on('data', chunk => {
    taken += chunk.length
  })
  t.ok(await written)
  while (taken < bytes.length) await once(far, 'data')
  t.equal(taken, bytes.length)
})

t.test('leaves sockets to their stream that have a timeout, or no handle any more', async t => {
  const { near } = await openPair(t)
  near.setTimeout(60_000)
  t.notOk(mayPassStream(near))
  near.destroy()
  t.notOk(mayPassStream(near))
  t.equal(writePastStream(near, Buffer.from('x'), { written() {} }), 'stream')
})

onBothWays(t, streamWrap, 'a stream delivers', async t => {
  const { url } = await build(t)
  const stream = await openSse(t, `${url}/channels/a/events`)
  for (const body of ['one', 'two', 'x'.repeat(60_000)]) {
    await fetch(`${url}/channels/a`, { method: 'POST', body })
    t.equal((await stream.next()).data, body)
  }
})
