import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { onTurn } from '../../src/node-internals/answer-turn.js'
import { sendEventStreamHead } from '../../src/node-internals/event-stream-head.js'

declare module 'fastify' {
  interface FastifyReply {
    /** Sends the head of a Server-Sent Events stream; its body is written to the returned socket. */
    openEventStream(): Promise<Socket>
    /** The same for any other media type. */
    openByteStream(mediaType: string): Promise<Socket>
  }
}

/** Proxies pass each part of a stream on at once: `Incremental` is the standard's word, draft-ietf-httpbis-incremental-04, the other nginx's. */
const UNBUFFERED = { incremental: '?1', 'x-accel-buffering': 'no' }

/** Opens streams. The frames on them are ours: see `src/protocol/sse.ts`. */
export const sse = fp(
  async app => {
    app.decorateReply('openEventStream', function (this: FastifyReply) {
      this.headers(UNBUFFERED)
      return sendEventStreamHead(this) ? ownSocket(this) : this.openByteStream('text/event-stream; charset=utf-8')
    })

    app.decorateReply('openByteStream', function (this: FastifyReply, mediaType: string) {
      this.hijack()
      for (const [name, value] of Object.entries(this.getHeaders()))
        if (value !== undefined) this.raw.setHeader(name, value)
      this.raw.writeHead(200, {
        'content-type': mediaType,
        connection: 'close',
        'cache-control': 'no-cache,no-transform',
        ...UNBUFFERED,
      })
      this.raw.flushHeaders()
      return ownSocket(this)
    })
  },
  { name: 'carillon-sse' },
)

/** The socket of a response, once it is this response's turn: requests may have been pipelined. */
export function ownSocket({ raw }: FastifyReply): Promise<Socket> {
  return new Promise(resolve => onTurn(raw, () => resolve(raw.socket as Socket))) // it has one when it is its turn
}
