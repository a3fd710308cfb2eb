import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/*
 * Node reads from one connection as long as there is something, up to 2 MB, before it looks at the next. That are a hundred
 * thousand small frames, or requests in a pipeline, and everybody else waits for seconds. So one connection gets so
 * much done at a time, and then the others have their turn.
 */

/** Frames, or requests, of one connection before the others have their turn. */
const A_TURN = 64

/** Takes the frames of a WebSocket in their order: for its `message` event. Those that were read are taken, also when it has closed. */
export function inTurns(
  webSocket: Pick<WebSocket, 'pause' | 'resume'>,
  take: (frame: Buffer) => void,
): (frame: Buffer) => void {
  let taken = 0
  let waiting: Buffer[] | undefined
  const goOn = (): void => {
    const frames = waiting ?? []
    for (const frame of frames.splice(0, A_TURN)) take(frame)
    if (frames.length > 0) {
      setImmediate(goOn)
      return
    }
    waiting = undefined
    webSocket.resume()
  }
  return frame => {
    if (waiting) {
      waiting.push(frame)
      return
    }
    take(frame)
    if (++taken % A_TURN !== 0) return
    waiting = []
    webSocket.pause()
    setImmediate(goOn)
  }
}

/** The same for the requests of a connection, where it sends them without waiting for answers. For a server of our own alone. */
export function requestsInTurns(server: Server): void {
  const resting = new WeakSet<Socket>()
  let last: Socket | undefined
  let inARow = 0
  server.prependListener('request', ({ socket }) => {
    if (socket !== last) {
      last = socket
      inARow = 0
    }
    if (++inARow % A_TURN !== 0 || resting.has(socket)) return
    resting.add(socket)
    // Each request that is over has Node read on.
    const stay = (): void => void socket.pause()
    stay()
    socket.on('resume', stay)
    setImmediate(() => {
      resting.delete(socket)
      socket.off('resume', stay)
      socket.resume()
    })
  })
}
