import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { endSoon } from '../src/streams/sinks/end-soon.js'

/** The answer whose turn it is, which Node's HTTP server adds to a socket. Undocumented, and the same in Node 20 to 26. */
interface HttpSocket extends Socket {
  _httpMessage?: ServerResponse | null
}

/** Whether requests before this one, on the same connection, still wait for their answers. */
export const hasPendingAnswers = (socket: Socket): boolean => Boolean((socket as HttpSocket)._httpMessage) // see above

/**
 * Ends a connection that has left Node's HTTP server by an upgrade, after the answers to the
 * requests before it. Nothing else would end it.
 */
export function endAfterAnswers(socket: Socket): void {
  socket.on('error', ignore) // a close follows
  socket.on('end', () => endSoon(socket))
  socket.on('data', ignore)
  socket.resume()
  const next = () => {
    const answer = (socket as HttpSocket)._httpMessage // see above
    if (answer) answer.once('finish', next)
    else endSoon(socket)
  }
  next()
}

const ignore = (): void => {}
