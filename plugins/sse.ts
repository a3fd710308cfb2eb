import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { FastifySSEPlugin } from 'fastify-sse-v2'

declare module 'fastify' {
  interface FastifyReply {
    /** Called `sse` in `fastify-sse-v2`. */
    sendEventStreamHead: FastifyReply['sse']
    /** Sends the head of a Server-Sent Events stream; its body is written to the socket that comes back. */
    openEventStream(): Promise<Socket>
    /** The same for any other media type. */
    openByteStream(mediaType: string): Promise<Socket>
  }
}

/** Opens streams. The frames on them are ours: see `src/protocol/sse.ts`. */
export const sse = fp(
  async app => {
    await FastifySSEPlugin(renaming(app), { retryDelay: false })

    app.decorateReply('openEventStream', function (this: FastifyReply) {
      this.header('x-accel-buffering', 'no')
      // The plugin would pipe an iterator into the response; writes of our own must flow alone.
      this.raw.once('pipe', source => source.unpipe(this.raw))
      sayClose(this.raw)
      this.sendEventStreamHead({})
      return ownSocket(this)
    })

    app.decorateReply('openByteStream', function (this: FastifyReply, mediaType: string) {
      this.hijack()
      for (const [name, value] of Object.entries(this.getHeaders()))
        if (value !== undefined) this.raw.setHeader(name, value)
      this.raw.writeHead(200, {
        'content-type': mediaType,
        connection: 'close',
        'cache-control': 'no-cache,no-transform',
        'x-accel-buffering': 'no',
      })
      this.raw.flushHeaders()
      return ownSocket(this)
    })
  },
  { name: 'carillon-sse' },
)

/** The app around the gateway may have a `reply.sse` of its own: the plugin's goes by another name. */
const renaming = (app: FastifyInstance): FastifyInstance =>
  Object.create(app, {
    decorateReply: {
      value: (_name: string, sse: FastifyReply['sse']) => app.decorateReply('sendEventStreamHead', sse),
    },
  })

/**
 * The connection ends with the stream. The plugin says `keep-alive`, and a proxy that believes it
 * may send the next request, a publish even, into the connection while it closes.
 */
function sayClose(raw: ServerResponse): void {
  const flushHeaders = raw.flushHeaders.bind(raw)
  raw.flushHeaders = () => {
    raw.setHeader('connection', 'close')
    flushHeaders()
  }
}

/** The socket of a response, once it is this response's turn: requests may have been pipelined. */
export function ownSocket({ raw }: FastifyReply): Promise<Socket> {
  return new Promise(resolve => {
    if (raw.socket) resolve(raw.socket)
    else raw.once('socket', resolve)
  })
}
