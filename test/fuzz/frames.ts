import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import WebSocket from 'ws'
import { UPGRADE } from '../support/attacked.js'
import { requestText } from '../support/raw-http.js'
import { closeOf } from './http.js'
import { hostileText, jsonText } from './texts.js'

/** Requests of the multiplexed protocol whose shape is right, whatever they hold. */
export const sessionRequests = (): fc.Arbitrary<string> => {
  const channel = fc.oneof(fc.constantFrom('news', 'sport', 'a', 'carillon:x'), hostileText())
  const data = hostileText()
  return fc
    .oneof(
      fc.record({ type: fc.constantFrom('subscribe', 'unsubscribe'), channel }),
      fc.record(
        {
          type: fc.constant('subscribe'),
          channel: fc.constantFrom('news', 'kept', 'abc'),
          after: fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{10,16}$/), hostileText()),
          since: fc.constantFrom('all', '1s', '2020-01-01T00:00:00Z', '9999-99-99T00:00:00Z'),
          last: fc.nat(100),
          ref: fc.oneof(fc.nat(), fc.constantFrom('x')),
        },
        { requiredKeys: ['type', 'channel'] },
      ),
      fc.record(
        {
          type: fc.constant('publish'),
          channel: fc.constantFrom('news', 'kept', 'sport'),
          data,
          idempotency_key: fc.oneof(fc.constantFrom('FUZZ-KEY', 'FUZZ-KEY-7'), hostileText()),
        },
        { requiredKeys: ['type', 'channel', 'data', 'idempotency_key'] },
      ),
      fc.record({
        type: fc.constantFrom('subscribe', 'unsubscribe'),
        pattern: fc.oneof(fc.constantFrom('chat:*', '[ab]?'), hostileText()),
      }),
      fc.record(
        { type: fc.constant('publish'), channel, data, event: hostileText() },
        { requiredKeys: ['type', 'channel', 'data'] },
      ),
      fc.record({ type: fc.constant('publish'), channel, data, encoding: fc.constant('base64') }),
      fc.constant({ type: 'ping' }),
    )
    .map(request => JSON.stringify(request))
}

/** Frames that are perhaps no requests: each may end its connection. */
export const anyFrames = (): fc.Arbitrary<string | Buffer> =>
  fc.oneof(
    jsonText(),
    hostileText(),
    fc.uint8Array({ maxLength: 100 }).map(array => Buffer.from(array)),
    fc.json({ maxDepth: 2 }).map(json => `{"type":${json}}`),
  )

/** Bytes on a connection after its handshake, which RFC 6455 may or may not know. */
export const rawBytes = (): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map(array => Buffer.from(array)),
    fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 }))
      .map(([first, second, rest]) => Buffer.from([first, second, ...rest])),
  )

/**
 * Sends frames on one WebSocket and a ping behind them; resolves with how many were surely read. Rejects with a
 * violation when the server ends the connection as its own fault, or not at all.
 */
export async function sendFrames(port: number, path: string, frames: readonly (string | Buffer)[]): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  socket.on('error', () => {})
  const timer = setTimeout(() => socket.terminate(), 30_000)
  const closed = once(socket, 'close') as Promise<[number, Buffer]>
  await once(socket, 'open')
  const pong = once(socket, 'pong')
  for (const frame of frames) socket.send(frame)
  socket.ping('end')
  await Promise.race([pong, closed])
  socket.close(1000)
  const [code, reason] = await closed
  clearTimeout(timer)
  if (code === 1011 || code === 1006) throw new Error(`a WebSocket ended with ${code} ${reason}`)
  return frames.length
}

/** Sends bytes behind a handshake; resolves when the connection has ended, by whichever side. */
export async function sendRawFrames(port: number, path: string, bytes: Buffer): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.setTimeout(20_000, () => socket.destroy())
  const closed = closeOf(socket)
  socket.resume()
  socket.write(requestText('GET', path, { headers: UPGRADE }))
  socket.write(bytes)
  socket.end()
  await closed
}
