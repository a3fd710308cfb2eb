import { connect } from 'node:net'

/** What each message carries; it is counted in the raw bytes, whatever the frames around it. */
const MARK = '~#~'
const MESSAGE = Buffer.from(MARK.padEnd(200, 'x'))

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** Opens streams; `received` counts the messages of all of them. */
export async function openStreams(count, { port, path, webSocket = false }) {
  const sockets = []
  const state = { received: 0, onReceive: () => {} }
  const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${webSocket ? UPGRADE : ''}\r\n`
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(head))
      let rest = ''
      socket.on('error', reject)
      socket.once('data', resolve)
      socket.on('data', bytes => {
        // A mark may be cut in two between reads.
        const text = rest + bytes.latin1Slice()
        let at = -1
        let end = 0
        for (;;) {
          at = text.indexOf(MARK, end)
          if (at === -1) break
          state.received++
          end = at + MARK.length
        }
        rest = text.slice(Math.max(end, text.length - MARK.length + 1))
        state.onReceive()
      })
      sockets.push(socket)
    })
  const TOGETHER = 100
  for (let i = 0; i < count; i += TOGETHER)
    await Promise.all(Array.from({ length: Math.min(TOGETHER, count - i) }, open))
  return Object.assign(state, {
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
    /** Resolves when so many messages have come in all; rejects when they do not come. */
    until: wanted =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${state.received} of ${wanted} messages came`)), 60_000)
        state.onReceive = () => {
          if (state.received < wanted) return
          clearTimeout(timer)
          resolve()
        }
        state.onReceive()
      }),
  })
}

/**
 * Publishes over so many connections, each with one request in flight. `next` says whether there
 * is one more to send, and may make it wait. Resolves with how many were answered.
 */
export async function publish(connections, { port, path }, next) {
  const request = Buffer.concat([
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${MESSAGE.length}\r\n\r\n`,
    ),
    MESSAGE,
  ])
  let answered = 0
  const run = () =>
    new Promise((resolve, reject) => {
      const send = async () => {
        if (await next()) return socket.write(request)
        socket.destroy()
        resolve()
      }
      const socket = connect(port, '127.0.0.1', send)
      let text = ''
      socket.on('error', reject)
      socket.on('data', bytes => {
        text += bytes.latin1Slice()
        const head = text.indexOf('\r\n\r\n')
        if (head === -1) return
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
        if (text.length < head + 4 + length) return
        if (!text.startsWith('HTTP/1.1 2')) return reject(new Error(text.slice(0, 100)))
        text = ''
        answered++
        send()
      })
    })
  await Promise.all(Array.from({ length: connections }, run))
  return answered
}
