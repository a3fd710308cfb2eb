import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** A property that Node's HTTP server adds to a socket. Undocumented, and the same in Node 20 to 26. */
interface HttpSocket extends Socket {
  parser?: { unconsume(): void; remove(): void; close(): void } | null
}

/**
 * Takes the socket of a response whose head is out away from Node's HTTP server, so that a stream
 * that stays open for hours holds a socket and nothing else: no parser, no request, no response.
 *
 * For Fastify the request is over with that: its `onResponse` hooks run. What the client sends
 * behind its request is not read as HTTP any more, and the connection ends with the stream.
 *
 * Returns false where this Node does not let it.
 *
 * Not to be called before the first `await` of a handler.
 */
export function detach(response: ServerResponse, socket: Socket): boolean {
  const { parser } = socket as HttpSocket // see above
  const leave = response.listeners('finish').find(({ name }) => name === 'bound resOnFinish')
  // Another kind of connection, or a Node that works otherwise: the stream costs more memory, and all else is the same.
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

  // A client that closes its sending side has left. What is sent is not read, but taken, or the end would never show.
  socket.on('end', socket.destroySoon)
  socket.on('error', ignore) // a close follows
  socket.on('data', ignore)
  socket.resume()
  return true
}

/**
 * The same for the connection of a WebSocket whose handshake is done; it has no parser any more. To be called when
 * no hook would take the end of the request for that of the connection.
 */
export function detachUpgraded(response: ServerResponse, socket: Socket): void {
  if (response.socket !== socket) return
  response.detachSocket(socket)
  response.emit('finish')
  Object.assign(socket, METHODS)
}

const SERVER_EVENTS = ['data', 'end', 'close', 'drain', 'error', 'timeout', 'pause', 'resume']

/** Socket methods that the HTTP server replaces with closures. */
const { on, addListener, prependListener, setEncoding } = Socket.prototype
const METHODS = { on, addListener, prependListener, setEncoding }

/**
 * Outside the parser at last. `detach` may run inside it: Node runs microtasks when it hands over the body of a request that
 * was pipelined behind the stream. The parser then puts itself back into the server's list of connections when it
 * has read that request to its end, and a parser that is freed but listed crashes the process when the list is next read.
 */
const close = (parser: { remove(): void; close(): void }): void => {
  parser.remove()
  parser.close()
}

const ignore = (): void => {}
