import { once } from 'node:events'
import { connect } from 'node:net'

/** Connections that publish, each with one request in flight. */
export class Publishers {
  answered = 0
  /** Called after an answer has come. */
  onAnswer = () => {}
  #free = []
  #all = []
  #pathOf

  /** `pathOf(channel)` gives the path of a publish. */
  static async open(count, { port, pathOf }) {
    const publishers = new Publishers(pathOf)
    for (let i = 0; i < count; i++) await publishers.#connect(port)
    return publishers
  }

  constructor(pathOf) {
    this.#pathOf = pathOf
  }

  get busy() {
    return this.#free.length === 0
  }

  /** Not while all of them are busy. */
  send(channel, text) {
    this.#free
      .pop()
      .write(
        `POST ${this.#pathOf(channel)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      )
  }

  close() {
    for (const socket of this.#all) socket.destroy()
  }

  async #connect(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    let text = ''
    socket.on('data', bytes => {
      text += bytes.latin1Slice()
      const head = text.indexOf('\r\n\r\n')
      if (head === -1) return
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      if (text.length < head + 4 + length) return
      if (!text.startsWith('HTTP/1.1 2')) throw new Error(`a publish was answered ${text.slice(0, 100)}`)
      text = ''
      this.answered++
      this.#free.push(socket)
      this.onAnswer()
    })
    this.#all.push(socket)
    this.#free.push(socket)
  }
}
