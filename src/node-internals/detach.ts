import { createServer, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { FastPath } from './fast-path.js'

/*
 * An open stream holds its socket, and neither parser nor request nor response.
 *
 * Touches: `socket.parser` and its methods, the listener `resOnFinish` of a response, `detachSocket`, the event `finish`
 * emitted by hand, and the listeners and methods that Node's HTTP server puts on a socket.
 * Why: a stream stays open for hours, and Node keeps all of that until it ends.
 * Breaks otherwise: a stream costs more memory, and a stream that is cut off is missing among the requests in the access log
 * and the metrics.
 * Gains: docs/decisions.md, "An open stream lets go of HTTP", has the figures.
 */
export const detaching = new FastPath('detach', () => {
  let isDetached = false
  const server = createServer((_request, response) => {
    isDetached = tryToDetach(response, socket) && socket.parser === null && response.socket === null
  })
  const socket: HttpSocket = new Socket()
  server.emit('connection', socket)
  socket.emit('data', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'))
  socket.destroy()
  return isDetached
})

interface HttpSocket extends Socket {
  parser?: { unconsume(): void; remove(): void; close(): void } | null
}

/**
 * Takes the socket of a response whose head is out away from Node's HTTP server. For Fastify the request is over with that:
 * its `onResponse` hooks run. What the client sends behind its request is not read as HTTP any more, and the connection ends
 * with the stream.
 *
 * Returns false, with nothing changed, for another kind of connection, and where this Node works otherwise.
 *
 * Must not be called before the first `await` of a handler.
 */
export const detach = (response: ServerResponse, socket: Socket): boolean =>
  detaching.isInUse && tryToDetach(response, socket)

function tryToDetach(response: ServerResponse, socket: Socket): boolean {
  const { parser } = socket as HttpSocket // see above
  const leave = response.listeners('finish').find(({ name }) => name === 'bound resOnFinish')
  if (
    !(socket instanceof Socket) ||
    !leave ||
    !parser ||
    typeof parser.remove !== 'function' ||
    response.socket !== socket
  )
    return false

  response.removeListener('finish', leave as () => void) // it was added as one; it would serve the next request
  response.detachSocket(socket)
  response.emit('finish')

  for (const event of SERVER_EVENTS) socket.removeAllListeners(event)
  parser.unconsume()
  parser.remove()
  ;(socket as HttpSocket).parser = null // see above
  setImmediate(close, parser)
  Object.assign(socket, METHODS)
  socket.setTimeout(0)

  // A client that closes its sending side has left. The rest of what it sends is thrown away; unread, it would hide that.
  socket.on('end', socket.destroySoon)
  socket.on('error', ignore) // a close follows
  socket.on('data', ignore)
  socket.resume()
  return true
}

/**
 * The same for the connection of a WebSocket whose handshake is done, and which has no parser any more. To be called when
 * no hook takes the end of the request for that of the connection.
 */
export function detachUpgraded(response: ServerResponse, socket: Socket): void {
  if (!detaching.isInUse || response.socket !== socket) return
  response.detachSocket(socket)
  response.emit('finish')
  Object.assign(socket, METHODS)
}

const SERVER_EVENTS = ['data', 'end', 'close', 'drain', 'error', 'timeout', 'pause', 'resume']

/** Socket methods that the HTTP server replaces with closures. */
const { on, addListener, prependListener, setEncoding } = Socket.prototype
const METHODS = { on, addListener, prependListener, setEncoding }

/**
 * Runs when the parser does not. `detach` may run inside it: Node runs microtasks when it hands over the body of a request
 * that was pipelined behind the stream. The parser then puts itself back into the server's list of connections when it
 * has read that request to its end, and a parser that is freed but listed crashes the process when the list is next read.
 */
const close = (parser: { remove(): void; close(): void }): void => {
  parser.remove()
  parser.close()
}

const ignore = (): void => {}
