import type { Socket } from 'node:net'

/** Resolves when the socket takes more without holding it in memory, or when it is closed. */
export function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain) return Promise.resolve() // a destroyed one never needs it
  return new Promise(resolve => {
    const done = (): void => {
      socket.removeListener('drain', done)
      socket.removeListener('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
