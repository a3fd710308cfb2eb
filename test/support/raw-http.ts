import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Opens a connection to say whatever no HTTP client would; it is destroyed with the test. */
export async function openSocket(t: Test, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {}) // the end is what the test sees
  await once(socket, 'connect')
  return socket
}

/** The text of a request, with no rule between it and the server but latin-1. */
export function requestText(
  method: string,
  path: string,
  {
    headers = {},
    body = '',
    version = '1.1',
  }: { headers?: Record<string, string>; body?: string; version?: string } = {},
): string {
  const length = body === '' && method !== 'POST' ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...length, ...headers })
  return `${method} ${path} HTTP/${version}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** Sends the bytes; resolves with the answer when the server has ended the connection. */
export async function exchange(t: Test, port: number, request: string | Buffer): Promise<RawAnswer> {
  const socket = await openSocket(t, port)
  socket.write(typeof request === 'string' ? Buffer.from(request, 'latin1') : request)
  return parseAnswer(await readToEnd(socket))
}

export async function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(socket, 'close')
  return text
}

/** Resolves with all that has come on the socket, as soon as it holds the wanted words. */
export function readUntil(socket: Socket, wanted: string | RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const done = () => {
      socket.off('data', read)
      socket.off('close', closed)
    }
    const read = (chunk: Buffer) => {
      text += chunk.toString()
      if (typeof wanted === 'string' ? !text.includes(wanted) : !wanted.test(text)) return
      done()
      resolve(text)
    }
    const closed = () => {
      done()
      reject(new Error(`the connection ended without ${wanted}; it brought: ${text}`))
    }
    socket.on('data', read)
    socket.on('close', closed)
  })
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { status: Number(start.split(' ')[1]), headers, body: text.slice(end + 4) }
}
