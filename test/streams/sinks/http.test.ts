import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { HttpSink } from '../../../src/streams/sinks/http.js'
import { deferred } from '../../../src/support/deferred.js'

/** A sink behind a head that is out, and the raw socket of its client, which reads only when it is told to. */
async function openSink(t: Test, version = '1.1', prepare = (_socket: Socket): void => {}) {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const requested = once(server, 'request')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1') // it listens on TCP
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  client.write(`GET / HTTP/${version}\r\nHost: x\r\n\r\n`)
  const [, response] = await requested
  const { socket } = response
  prepare(socket)
  const sink = new HttpSink(response, async () => {
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders()
    return socket
  })
  sink.write(Buffer.from('nothing is written before the head'))
  let closes = 0
  const gone = deferred()
  await sink.begin(() => {
    closes++
    gone.resolve()
  })
  return { sink, socket, client, gone: gone.promise, closes: () => closes }
}

type Opened = Awaited<ReturnType<typeof openSink>>

/** All that the client gets until the end, behind the head. */
async function body(client: Opened['client']): Promise<string> {
  let text = ''
  for await (const bytes of client) text += bytes
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

for (const [version, last] of [
  ['1.1', '0\r\n\r\n'],
  ['1.0', ''],
] as const)
  t.test(`writes bytes as they are over HTTP/${version}, and ends the body as that version does`, async t => {
    const { sink, client, gone, closes } = await openSink(t, version)
    sink.write(Buffer.from('1\r\na\r\n'))
    sink.write(Buffer.from('1\r\nb\r\n'))
    sink.close('draining')
    t.equal(await body(client), `1\r\na\r\n1\r\nb\r\n${last}`)
    await gone
    t.equal(closes(), 1)
  })

/** Writes until the kernel takes no more, as the client does not read. */
function fill(sink: HttpSink): number {
  let written = 0
  while (sink.buffered === 0) {
    sink.write(Buffer.alloc(1024 * 1024))
    written += 1024 * 1024
  }
  return written
}

t.test('tells what waits and what has left', async t => {
  const { sink } = await openSink(t)
  t.equal(sink.buffered, 0)
  const before = sink.flushed
  const written = fill(sink)
  t.equal(sink.flushed - before + sink.buffered, written)
  t.ok(sink.heartbeat(), 'HTTP has no answer to a heartbeat')
})

t.test('writes past the stream of the socket as long as the client takes everything', async t => {
  const { sink, socket, client } = await openSink(t)
  const before = socket.bytesWritten
  const streamed = t.intercept(socket, 'write', { value: socket.write })
  sink.write(Buffer.from('1\r\na\r\n'))
  t.equal(sink.buffered, 0)
  t.equal(socket.bytesWritten - before, 6)
  t.same(streamed(), [])
  sink.close('draining')
  t.equal(await body(client), '1\r\na\r\n0\r\n\r\n')
})

for (const way of ['past the stream', 'by the stream'])
  t.test(`loses and changes nothing when the client reads late, ${way}`, async t => {
    const { sink, client } = await openSink(t, '1.1', socket => {
      if (way === 'by the stream') socket.setTimeout(60_000)
    })
    let written = ''
    const write = (times: number): number => {
      const text = `${written.length} `.repeat(times)
      written += text
      sink.write(Buffer.from(text))
      return text.length
    }
    write(1)
    while (sink.buffered === 0) write(100_000)
    write(1_000_000)
    for (let i = 1; i < 100; i++) write(i)
    let isDrained = false
    const drained = sink.drained().then(() => {
      isDrained = true
    })
    await new Promise(setImmediate)
    t.notOk(isDrained, 'nothing is read yet')
    const all = body(client)
    // What is left is in libuv at first, and then in the stream.
    for (let before = sink.buffered; before > 0; before = sink.buffered) {
      if (write(1) !== sink.buffered - before) t.fail('what waits is told wrong')
      await new Promise(setImmediate)
    }
    await drained
    write(10)
    sink.close('draining')
    t.ok((await all) === `${written}0\r\n\r\n`)
  })

t.test('does not wait any more for a client that has gone', async t => {
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const { sink, client, gone } = await openSink(t)
    fill(sink)
    const drained = sink.drained()
    client[leave]()
    await Promise.all([drained, gone])
    sink.write(Buffer.from('nobody gets this'))
  }
  t.pass()
})

t.test('cuts a client that cannot be spoken to: what waits for it is thrown away', async t => {
  const { sink, gone, closes } = await openSink(t)
  fill(sink)
  sink.close('slow_consumer')
  await gone
  t.equal(closes(), 1)
})

t.test('is rid of a client that takes no goodbye, within a bounded time', { timeout: 20_000 }, async t => {
  const { sink, gone, closes } = await openSink(t)
  fill(sink)
  sink.close('draining')
  await gone
  t.equal(closes(), 1)
})

t.test('notices that the client has left, with or without a close', async t => {
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    const { client, gone, closes } = await openSink(t)
    client[leave]()
    await gone
    t.equal(closes(), 1)
  }
})

t.test('takes what a client sends behind its request for nothing', async t => {
  const { sink, client } = await openSink(t)
  client.write('GET /again HTTP/1.1\r\nHost: x\r\n\r\n')
  sink.write(Buffer.from('1\r\na\r\n'))
  sink.close('timeout')
  t.equal(await body(client), '1\r\na\r\n0\r\n\r\n')
})

t.test('is closed without an answer if it ends before its head', async t => {
  const server = createServer((_request, response) => {
    new HttpSink(response, () => Promise.reject(new Error('there is no head'))).close('client_gone')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  await t.rejects(fetch(`http://127.0.0.1:${port}/`))
})
