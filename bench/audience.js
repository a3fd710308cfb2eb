import { connect } from 'node:net'
import { nowUs, Reader } from './messages.js'

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
/** RFC 6455 section 5.5.3: a pong may come unasked. It answers every ping without looking for them. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const PONG_MS = 5000
const TOGETHER = 100

/** All sockets read into this one, as each read is dealt with at once. */
const shared = Buffer.allocUnsafeSlow(256 * 1024)

/** Streams of clients, of which the n-th listens on channel n modulo `channels`. */
export class Audience {
  /** Judges what comes; another one in each phase. */
  tally
  /** Called after something has come. */
  onDelivery = () => {}
  closed = 0
  #sockets = []
  #where
  #pongs

  /** `pathOf(channel)` gives the path of a stream. */
  constructor({ port, pathOf, webSocket, channels }) {
    this.#where = { port, pathOf, webSocket, channels }
    if (webSocket) this.#pongs = setInterval(() => this.#pong(), PONG_MS)
  }

  get size() {
    return this.#sockets.length
  }

  async grow(size) {
    while (this.size < size)
      await Promise.all(Array.from({ length: Math.min(TOGETHER, size - this.size) }, () => this.#open()))
  }

  close() {
    clearInterval(this.#pongs)
    for (const socket of this.#sockets) socket.destroy()
  }

  #open() {
    const { port, pathOf, webSocket, channels } = this.#where
    const client = this.#sockets.length
    const reader = new Reader()
    return new Promise((resolve, reject) => {
      let isOpen = false
      let now = 0
      const onMessage = (number, sent) => this.tally?.deliver(client, number, sent, now)
      const callback = (length, bytes) => {
        if (!isOpen) {
          const status = bytes.latin1Slice(9, 12)
          if (status !== (webSocket ? '101' : '200')) reject(new Error(`a stream was answered ${status}`))
          isOpen = true
          resolve()
        }
        now = nowUs()
        reader.read(bytes, length, onMessage)
        this.onDelivery()
        return true
      }
      const socket = connect({ port, host: '127.0.0.1', onread: { buffer: shared, callback } })
      this.#sockets.push(socket)
      socket.on('connect', () =>
        socket.write(
          `GET ${pathOf(client % channels)} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${webSocket ? UPGRADE : ''}\r\n`,
        ),
      )
      socket.on('error', reject)
      socket.on('close', () => this.closed++)
    })
  }

  #pong() {
    for (const socket of this.#sockets) socket.write(PONG)
  }
}
