import type { Duplex } from 'node:stream'

/**
 * Ends a connection after what has been written to it. A socket has `destroySoon` for that; Node may also hand over
 * streams that are no sockets.
 */
export function endSoon(connection: Duplex): void {
  connection.end(() => connection.destroy())
}
