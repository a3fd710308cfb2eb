/** A write that libuv finishes later. */
export interface WriteRequest {
  /** 0, or what went wrong, as a negative errno. */
  oncomplete(status: number): void
  /** Kept alive until then. */
  buffer?: Buffer
}

/** What Node's sockets write with. Not documented, and the same in Node 20 to 26. */
export interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: Int32Array
  /** Where `streamBaseState` says whether libuv has kept something of the last write, and its request. */
  readonly kLastWriteWasAsync: number
}

/** The socket's handle, as far as it is for writing. */
export interface StreamHandle {
  /** 0, or what went wrong, as a negative errno. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number
}

/** Undefined where there is none to be had, as under Node's permission model. */
export const streamWrap = load()

function load(): StreamWrap | undefined {
  try {
    const wrap = (process as unknown as { binding(name: string): StreamWrap }).binding('stream_wrap') // not in its types
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = wrap
    const isKnown = typeof WriteWrap === 'function' && Number.isInteger(streamBaseState[kLastWriteWasAsync])
    return isKnown ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined
  } catch {
    return undefined
  }
}
