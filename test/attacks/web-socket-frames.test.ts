import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { attackedGateway, UPGRADE } from '../support/attacked.js'
import { openWebSocket } from '../support/clients.js'
import { openSocket, readUntil, requestText } from '../support/raw-http.js'

/** A WebSocket on which anything may be sent. */
async function handshake(t: Test, port: number, path: string): Promise<Socket> {
  const socket = await openSocket(t, port)
  const accept = createHash('sha1')
    .update(`${UPGRADE['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  const head = readUntil(socket, /101[\s\S]*\r\n\r\n/)
  socket.write(requestText('GET', path, { headers: UPGRADE }))
  t.match(await head, accept)
  return socket
}

/** The close code that the server sends, or how else it ended. */
function closeCode(socket: Socket): Promise<number | 'cut'> {
  return new Promise(resolve => {
    let bytes = Buffer.alloc(0)
    socket.on('data', chunk => {
      bytes = Buffer.concat([bytes, chunk])
      const at = bytes.indexOf(0x88)
      if (at !== -1 && bytes.length >= at + 4) resolve(bytes.readUInt16BE(at + 2))
    })
    socket.on('close', () => resolve('cut'))
  })
}

const frame = (
  first: number,
  payload: Buffer | string,
  { masked = true, length }: { masked?: boolean; length?: number } = {},
) => {
  const body = Buffer.from(payload)
  const size = length ?? body.length
  const head =
    size < 126
      ? [size]
      : size < 65_536
        ? [126, size >> 8, size & 255]
        : [127, 0, 0, 0, 0, (size >>> 24) & 255, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]
  head[0] = (head[0] ?? 0) | (masked ? 0x80 : 0)
  // A key of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([first, ...head]), Buffer.alloc(masked ? 4 : 0), body])
}

const MALFORMED: [what: string, bytes: Buffer, code: number][] = [
  ['text that is not UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
  ['an overlong encoding', frame(0x81, Buffer.from([0xc0, 0xaf])), 1007],
  ['half a surrogate pair', frame(0x81, Buffer.from([0xed, 0xa0, 0x80])), 1007],
  ['a frame without a mask', frame(0x81, 'x', { masked: false }), 1002],
  ['a reserved bit', frame(0xc1, 'x'), 1002],
  ['a reserved opcode', frame(0x83, 'x'), 1002],
  ['a reserved control opcode', frame(0x8b, 'x'), 1002],
  ['a continuation of nothing', frame(0x80, 'x'), 1002],
  ['a text frame inside a message', Buffer.concat([frame(0x01, 'x'), frame(0x81, 'y')]), 1002],
  ['a ping in fragments', frame(0x09, 'x'), 1002],
  ['a ping that is too long', frame(0x89, 'x'.repeat(126)), 1002],
  ['a close code that is none', frame(0x88, Buffer.from([0x03, 0xee])), 1002],
  ['a close frame of one byte', frame(0x88, Buffer.from([3])), 1002],
  ['a close reason that is not UTF-8', frame(0x88, Buffer.from([0x03, 0xe8, 0xff])), 1007],
  ['a frame that says it is too big', frame(0x82, '', { length: 500_000 }), 1009],
  [
    'a frame of 2^63 bytes',
    Buffer.concat([Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255]), Buffer.alloc(4)]),
    1009,
  ],
  [
    'a message that is too big in all',
    Buffer.concat([frame(0x02, Buffer.alloc(300_000)), frame(0x00, Buffer.alloc(300_000))]),
    1009,
  ],
]

t.test('thousands of pings with unread answers end the connection', async t => {
  const { port, leavesNothing } = await attackedGateway(t)
  for (const path of ['/ws', '/channels/news/ws']) {
    const socket = await handshake(t, port, path)
    const code = closeCode(socket)
    socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => frame(0x89, 'x'))))
    t.equal(await code, 'cut', path)
  }
  await leavesNothing('pings')
})

t.test('frames that RFC 6455 forbids end the connection with its code, on both paths, and publish nothing', async t => {
  const { port, redis, leavesNothing } = await attackedGateway(t)
  for (const path of ['/channels/news/ws', '/ws'])
    for (const [what, bytes, code] of MALFORMED) {
      const socket = await handshake(t, port, path)
      const closed = closeCode(socket)
      socket.write(bytes)
      t.equal(await closed, code, `${path}: ${what}`)
      socket.destroy()
    }
  t.notMatch(await redis.cli('INFO', 'commandstats'), /cmdstat_publish:/)
  await leavesNothing('malformed frames')
})

t.test('invalid frames get an error, and then close code 1008', async t => {
  const { url, leavesNothing } = await attackedGateway(t)
  const frames = [
    '',
    'x',
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    '{"type":"nope"}',
    '{"type":"subscribe"',
    '{"type":"publish","channel":"news"}',
    '{"type":"ping","more":1}',
    '{"type":"ping","ref":{}}',
    '{"type":"ping","ref":null}',
    `{"type":"ping","ref":"${'x'.repeat(129)}"}`,
    '['.repeat(100_000),
    Buffer.from([0xff]),
  ] // prettier-ignore
  for (const text of frames) {
    const client = await openWebSocket(t, `${url}/ws`)
    client.socket.send(text)
    const answer = JSON.parse((await client.next()).data)
    t.match(answer, { type: 'error', problem: { status: 400 } }, `${text.slice(0, 30)}`)
    t.same(await client.closed, { code: 1008, reason: 'bad_message' })
  }
  await leavesNothing('bad messages')
})

t.test('too large a message, and too many subscriptions, end a WebSocket with what they are', async t => {
  const { url, leavesNothing } = await attackedGateway(t, { MAX_SUBSCRIPTIONS: 3 })
  const bare = await openWebSocket(t, `${url}/channels/news/ws`)
  bare.socket.send('x'.repeat(65_537))
  t.same(await bare.closed, { code: 1009, reason: 'message_too_large' })

  const multiplexed = await openWebSocket(t, `${url}/ws`)
  multiplexed.send({ type: 'publish', channel: 'news', data: 'x'.repeat(65_537), ref: 1 })
  t.match(JSON.parse((await multiplexed.next()).data), { type: 'error', ref: 1, problem: { status: 413 } })
  for (let i = 0; i < 4; i++) multiplexed.send({ type: 'subscribe', channel: `news${i}`, ref: `s${i}` })
  const refused = await multiplexed.find(({ data }) => data.includes('"error"') && data.includes('"s3"'))
  t.match(JSON.parse(refused.data), { ref: 's3', problem: { type: 'urn:carillon:problem:too-many-subscriptions' } })
  t.same(await multiplexed.closed, { code: 1008, reason: 'too_many_subscriptions' })
  await leavesNothing('too much')
})
