import type { Socket } from 'node:net'
import { type StreamHandle, type StreamWrap, streamWrap, type WriteRequest } from '../../node-internals/stream-wrap.js'
import { type Deferred, deferred } from '../../support/deferred.js'
import { drained } from './drained.js'

/** Undocumented members of Node's sockets, the same in Node 20 to 26. */
interface HandledSocket extends Socket {
  /** Counts for `bytesWritten`, too. */
  _handle?: StreamHandle | null
}

/**
 * Bytes that leave by a socket as they are. As long as the client takes what it gets they go straight to the kernel,
 * past the socket's stream, which would make a request and a closure for each write. What the kernel does not take
 * waits in libuv, and what comes behind it in the stream, so that the order stays.
 */
export abstract class SocketSink {
  protected socket: HandledSocket | undefined
  /** Set where bytes may pass the stream. */
  #wrap: StreamWrap | undefined
  /** Bytes of a write past the stream that waits in libuv, and who waits for it. */
  #waiting = 0
  #taken: Deferred | undefined

  /** Nothing is written before. */
  protected attach(socket: HandledSocket): void {
    this.socket = socket
    // TLS has more to do than to write, and a timeout would not see these writes.
    const isPlain = !('encrypted' in socket) && !socket.timeout && typeof socket._handle?.writeBuffer === 'function'
    this.#wrap = isPlain ? streamWrap : undefined
  }

  write(bytes: Buffer): void {
    const { socket } = this
    if (!socket) return
    const handle = socket._handle
    if (handle && this.#wrap && this.#waiting === 0 && socket.writableLength === 0 && socket.writable)
      this.#pass(this.#wrap, socket, handle, bytes)
    else socket.write(bytes)
  }

  #pass(wrap: StreamWrap, socket: HandledSocket, handle: StreamHandle, bytes: Buffer): void {
    request ??= new wrap.WriteWrap()
    if (handle.writeBuffer(request, bytes) !== 0) {
      socket.destroy()
      return
    }
    if (wrap.streamBaseState[wrap.kLastWriteWasAsync] === 0) return
    this.#waiting = bytes.length
    request.buffer = bytes
    request.oncomplete = status => {
      this.#waiting = 0
      this.#taken?.resolve()
      this.#taken = undefined
      if (status < 0) socket.destroy()
    }
    request = undefined
  }

  get buffered(): number {
    return this.socket ? this.socket.writableLength + this.#waiting : 0
  }

  get flushed(): number {
    return this.socket ? this.socket.bytesWritten - this.buffered : 0
  }

  async drained(): Promise<void> {
    while (this.#waiting > 0) {
      this.#taken ??= deferred()
      await this.#taken.promise
    }
    if (this.socket) await drained(this.socket)
  }
}

/** The next write's: one that leaves at once needs nothing of it. */
let request: WriteRequest | undefined
