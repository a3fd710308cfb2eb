import { Server as HttpServer } from 'node:http'
import { Server as TcpServer } from 'node:net'
import { FastPath } from './fast-path.js'

/*
 * Stops to listen and leaves every connection as it is.
 *
 * Touches: the `close` of `net.Server`, past the one that `http.Server` has in its place.
 * Why: a proxy that has just connected sends its request a moment later.
 * Breaks otherwise: `server.close()`, the documented way, ends connections that have not sent a request yet, and the
 * proxy answers 502.
 * Gains: nothing in speed.
 */
export const stopping = new FastPath(
  'stop-listening',
  () =>
    HttpServer.prototype instanceof TcpServer &&
    Object.hasOwn(HttpServer.prototype, 'close') &&
    Object.hasOwn(TcpServer.prototype, 'close'),
)

export function stopListening(server: HttpServer): void {
  if (stopping.isInUse) TcpServer.prototype.close.call(server)
  else server.close()
}
