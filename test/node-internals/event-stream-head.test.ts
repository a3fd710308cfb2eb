import t from 'tap'
import { eventStreamHead } from '../../src/node-internals/event-stream-head.js'
import { openSse } from '../support/clients.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { openSocket, parseAnswer, readUntil, requestText } from '../support/raw-http.js'

onBothWays(t, eventStreamHead, 'a stream opens with a head of its own, and ends its connection', async t => {
  const { url, port } = await build(t)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, '\r\n\r\n')
  socket.write(requestText('GET', '/channels/a/events', { headers: { connection: 'keep-alive' } }))
  const { status, headers } = parseAnswer(await opened)
  t.equal(status, 200)
  for (const [name, value] of Object.entries({
    'content-type': 'text/event-stream; charset=utf-8',
    connection: 'close',
    'cache-control': 'no-cache,no-transform',
    'x-accel-buffering': 'no',
    'transfer-encoding': 'chunked',
  }))
    t.equal(headers.get(name), value, name)

  const stream = await openSse(t, `${url}/channels/a/events`)
  await fetch(`${url}/channels/a`, { method: 'POST', body: 'hello' })
  t.equal((await stream.next()).data, 'hello')
})
