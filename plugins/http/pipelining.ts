import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { hasTurn, onTurn, watchAnswers } from '../../src/node-internals/answer-turn.js'
import { Problem } from '../../src/protocol/problems.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers with a stream, after which the connection ends. `socket`: only over a connection of its own. */
    stream?: boolean | 'socket'
  }
}

/**
 * What is sent without waiting for answers. Such requests are executed one after the other, each when the answers before it
 * have gone out, and nothing more is read meanwhile. A client that does not read its answers gets no further ones.
 *
 * And nothing that was sent behind a request for a stream, on the same connection, is executed: a
 * stream is the last answer of its connection (RFC 9112 section 9.6), so that the sender of a
 * publish behind it would never hear what became of it.
 */
export const pipelining = fp(
  async app => {
    const streaming = new WeakSet<Socket>()
    const lines = new WeakMap<Socket, Line>()
    // Embedded in an app, the app decides how its connections are served.
    if (app.prefix === '')
      app.server.prependListener('request', ({ socket }, response) => {
        if (hasTurn(response) || streaming.has(socket)) return
        let line = lines.get(socket)
        if (!line) {
          line = new Line(socket)
          lines.set(socket, line)
        }
        line.join(response)
      })
    watchAnswers(app.server)
    app.addHook('onRequest', ({ raw: { socket } }, { raw }, done) => {
      if (streaming.has(socket))
        done(
          new Problem(
            'invalid-request',
            'The request was pipelined behind a stream. Send it on a connection of its own.',
          ),
        )
      else if (hasTurn(raw)) done()
      else onTurn(raw, () => setImmediate(done)) // other connections have their turn between
    })

    const mark: onRequestHookHandler = ({ raw: { socket } }, reply, done) => {
      streaming.add(socket)
      lines.get(socket)?.end()
      // Answered with an error, it keeps its connection. Behind a stream nothing is read any more.
      reply.raw.once('close', () => streaming.delete(socket))
      done()
    }
    app.addHook('onRoute', route => {
      if (route.config?.stream) route.onRequest = [mark, ...[route.onRequest ?? []].flat()]
    })
  },
  { name: 'carillon-pipelining' },
)

/** Requests of one connection that wait for their turn; as long as there are any, nothing is read. */
class Line {
  readonly #socket: Socket
  #waiting = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  join(response: ServerResponse): void {
    if (++this.#waiting === 1) {
      this.#socket.on('resume', this.#stay)
      this.#stay()
    }
    onTurn(response, () => {
      if (--this.#waiting === 0) this.end()
    })
  }

  /** Reads on. */
  end(): void {
    this.#socket.off('resume', this.#stay)
    this.#socket.resume()
  }

  /** Each request that is over has Node read on. */
  readonly #stay = (): void => {
    this.#socket.pause()
  }
}
