import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { FastifySSEPlugin } from 'fastify-sse-v2'
import { FastPath } from './fast-path.js'

/*
 * `fastify-sse-v2` opens a Server-Sent Events stream and writes nothing to it.
 *
 * Touches: how the plugin works inside: it sends the head by `flushHeaders`, says `keep-alive` in it, and pipes an iterator
 * into the response.
 * Why: frames are the gateway's own, the same bytes for every client, and the connection ends with the stream.
 * Breaks otherwise: a proxy that believes `keep-alive` sends the next request into a connection that closes. The
 * documented way is a head that is written without the plugin.
 * Gains: nothing in speed.
 */
export const eventStreamHead = new FastPath('event-stream-head', () => {
  const raw = new ServerResponse(new IncomingMessage(new Socket()))
  let isPiped = false
  raw.once('pipe', () => {
    isPiped = true
  })
  open({ raw, hijack: () => {}, getHeaders: () => ({}) } as unknown as FastifyReply) // all that the plugin uses
  return (
    isPiped &&
    raw.headersSent &&
    raw.getHeader('connection') === 'close' &&
    raw.getHeader('content-type') === EVENT_STREAM
  )
})

const EVENT_STREAM = 'text/event-stream; charset=utf-8'

/** What the plugin decorates a reply with; it does so before its first `await`. */
let sse: FastifyReply['sse'] | undefined
const app = {
  decorateReply: (_name: string, decoration: FastifyReply['sse']) => {
    sse = decoration
  },
}
void FastifySSEPlugin(app as unknown as FastifyInstance, { retryDelay: false }) // all that the plugin uses

/** Sends the head. Returns false, with nothing sent, where the plugin works otherwise. */
export function sendEventStreamHead(reply: FastifyReply): boolean {
  if (!eventStreamHead.isInUse) return false
  open(reply)
  return true
}

function open(reply: FastifyReply): void {
  const { raw } = reply
  raw.once('pipe', source => source.unpipe(raw))
  const flushHeaders = raw.flushHeaders.bind(raw)
  raw.flushHeaders = () => {
    raw.setHeader('connection', 'close')
    flushHeaders()
  }
  sse?.call(reply, {})
}
