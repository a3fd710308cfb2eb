import type { Socket } from 'node:net'
import { FastPath } from './fast-path.js'

/*
 * Bytes go to the kernel past the stream of a socket.
 *
 * Touches: `process.binding('stream_wrap')`, `socket._handle` and its `writeBuffer`.
 * Why: `socket.write` makes a request, a closure and a change of state for each write, though nearly every client takes
 * its bytes at once.
 * Breaks otherwise: nothing. The stream of the socket writes the same bytes.
 * Gains: docs/decisions.md, "Writes bypass the stream of the socket", has the figures.
 */
export const streamWrap = new FastPath('stream-wrap', () => {
  binding = load()
  return binding !== undefined
})

interface Binding {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: Int32Array
  /** Where `streamBaseState` has whether libuv has kept something of the last write, and its request. */
  readonly kLastWriteWasAsync: number
}

/** A write that libuv finishes later. */
interface WriteRequest {
  /** 0, or a negative errno. */
  oncomplete(status: number): void
  /** Kept alive until then. */
  buffer?: Buffer
}

interface Handle {
  /** 0, or a negative errno. The bytes count for the socket's `bytesWritten`, too. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number
}

interface HandledSocket extends Socket {
  readonly _handle?: Partial<Handle> | null
}

let binding: Binding | undefined

/** Undefined where it is missing, as under Node's permission model. */
function load(): Binding | undefined {
  const wrap = (process as unknown as { binding(name: string): Binding }).binding('stream_wrap') // not in its types
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = wrap
  const isKnown = typeof WriteWrap === 'function' && Number.isInteger(streamBaseState[kLastWriteWasAsync])
  return isKnown ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined
}

/** Whether `writePastStream` may be used for the socket. TLS has more to do than to write; a timeout would not see these writes. */
export const mayPassStream = (socket: Socket): boolean =>
  streamWrap.isInUse &&
  !('encrypted' in socket) &&
  !socket.timeout &&
  typeof (socket as HandledSocket)._handle?.writeBuffer === 'function' // see above

export interface Writer {
  /** The write that libuv kept is over. */
  written(succeeded: boolean): void
}

/**
 * `done`: the kernel has all bytes, or the socket is destroyed. `waits`: libuv keeps some, and nothing else may pass the
 * stream until the writer is called. `stream`: nothing was written, as the socket has no handle any more.
 */
export type Outcome = 'done' | 'waits' | 'stream'

/** Writes to a socket whose stream holds nothing. */
export function writePastStream(socket: Socket, bytes: Buffer, writer: Writer): Outcome {
  const handle = (socket as HandledSocket)._handle as Handle | null | undefined // `mayPassStream` has looked
  if (!handle || !binding) return 'stream'
  request ??= new binding.WriteWrap()
  if (handle.writeBuffer(request, bytes) !== 0) {
    socket.destroy()
    return 'done'
  }
  if (binding.streamBaseState[binding.kLastWriteWasAsync] === 0) return 'done'
  request.buffer = bytes
  request.oncomplete = status => writer.written(status >= 0)
  request = undefined
  return 'waits'
}

/** The next write's: one that leaves at once needs nothing of it. */
let request: WriteRequest | undefined
