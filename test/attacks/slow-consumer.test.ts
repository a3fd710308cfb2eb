import { once } from 'node:events'
import t from 'tap'
import { attackedGateway, UPGRADE } from '../support/attacked.js'
import { openNdjson } from '../support/clients.js'
import { openSocket, readUntil, requestText } from '../support/raw-http.js'
import { until } from '../support/until.js'

const PATHS: Record<string, [path: string, headers: Record<string, string>]> = {
  SSE: ['/channels/news/events', {}],
  NDJSON: ['/channels/news/events', { accept: 'application/x-ndjson' }],
  'many channels': ['/events?channel=news&pattern=n*', {}],
  WebSocket: ['/channels/news/ws', UPGRADE],
  'multiplexed WebSocket': ['/ws', UPGRADE],
}

/** A text frame of a client, RFC 6455 section 5.2, with a mask of zeros. */
const SUBSCRIBE = JSON.stringify({ type: 'subscribe', channel: 'news' })
const SUBSCRIBE_FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | SUBSCRIBE.length, 0, 0, 0, 0]),
  Buffer.from(SUBSCRIBE),
])

t.test('a client that does not read is disconnected at its limit, and no other', async t => {
  const { app, url, port, leavesNothing } = await attackedGateway(t, { MAX_BUFFERED_BYTES: 256 * 1024 })
  const good = await openNdjson(t, `${url}/channels/news/events`)
  const stuck = await Promise.all(
    Object.entries(PATHS).map(async ([what, [path, headers]]) => {
      const socket = await openSocket(t, port)
      const opened = readUntil(socket, /\r\n\r\n/)
      socket.write(requestText('GET', path, { headers }))
      await opened
      if (path === '/ws') {
        const subscribed = readUntil(socket, /"subscribed"/)
        socket.write(SUBSCRIBE_FRAME)
        await subscribed
      }
      socket.pause()
      return { what, socket }
    }),
  )
  const open = async () =>
    ((await (await fetch(`${url}/channels/news/subscribers`)).json()) as { listeners: number }).listeners
  t.equal(await open(), Object.keys(PATHS).length + 1)

  const body = Buffer.alloc(60_000, 'x')
  let sent = 0
  while ((await open()) > 1 && sent < 400) {
    await fetch(`${url}/channels/news`, { method: 'POST', body })
    sent++
  }
  t.ok(sent < 400, `after ${sent} messages all of them are cut`)
  await until(() => good.all.length === sent, 'the one that reads has them all')
  t.ok(
    good.all.every(({ event }) => event === undefined),
    'without a gap',
  )

  for (const { what, socket } of stuck) {
    let tail = Buffer.alloc(0)
    socket.on('data', chunk => {
      tail = Buffer.concat([tail, chunk]).subarray(-64)
    })
    socket.resume()
    await once(socket, 'close')
    t.notMatch(tail.toString('latin1'), /\r\n0\r\n\r\n$/, `${what}: cut, not ended as if it were whole`)
  }
  good.close()
  await until(async () => (await open()) === 0, 'nobody listens')
  app.server.closeAllConnections()
  await leavesNothing('slow consumers')
})
