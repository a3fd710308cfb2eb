import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** What cuts all connections to the server, streams too, as a bad network does. */
export function cutter(server: Pick<Server, 'on'>): () => void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  return () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
}
