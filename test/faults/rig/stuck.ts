import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Gateway } from './gateway.js'
import type { Scope } from './scope.js'

/** A client that opens a stream and then never reads again. Resolves when the stream is open. */
export async function openStuck(scope: Scope, gateway: Gateway, channel: string, form: 'sse' | 'ws'): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1')
  scope.teardown(() => socket.destroy())
  socket.on('error', () => {}) // it is cut in the end
  socket.write(streamRequest(channel, form))
  await once(socket, 'data')
  socket.pause()
  return socket
}

/** What a client sends to open a stream, and no more than it must. */
export function streamRequest(channel: string, form: 'sse' | 'ws'): string {
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  const headers = ['Host: localhost', ...(form === 'ws' ? upgrade : [])]
  return `GET /channels/${channel}/${form === 'ws' ? 'ws' : 'events'} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`
}
