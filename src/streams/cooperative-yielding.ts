import type { WebSocket } from 'ws'

/**
 * Frames of one WebSocket before the others have their turn. Node reads from one connection as long as there is something, up to
 * 2 MB, before it looks at the next: a hundred thousand small frames, for which everybody else would wait for seconds.
 */
export const STEPS_PER_TURN = 64

/** Takes the frames of a WebSocket in their order: for its `message` event. Those that were read are taken, also when it has closed. */
export function yieldCooperatively(
  webSocket: Pick<WebSocket, 'pause' | 'resume'>,
  take: (frame: Buffer) => void,
): (frame: Buffer) => void {
  let taken = 0
  let waiting: Buffer[] | undefined
  const goOn = (): void => {
    const frames = waiting ?? []
    for (const frame of frames.splice(0, STEPS_PER_TURN)) take(frame)
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
    if (++taken % STEPS_PER_TURN !== 0) return
    waiting = []
    webSocket.pause()
    setImmediate(goOn)
  }
}
