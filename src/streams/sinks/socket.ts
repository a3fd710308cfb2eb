import type { Socket } from 'node:net'
import { mayPassStream, writePastStream } from '../../node-internals/stream-wrap.js'
import { type Deferred, deferred } from '../../support/deferred.js'
import { drained } from './drained.js'

/**
 * Writes bytes to a socket as they are. As long as the client takes them they go straight to the kernel, past the stream
 * of the socket. What the kernel does not take waits in libuv, and what follows waits in the stream, so that the order stays.
 */
export abstract class SocketSink {
  protected socket: Socket | undefined
  /** Whether bytes may pass the stream. */
  #mayPass = false
  /** Bytes of a write past the stream that waits in libuv, and who waits for it. */
  #waiting = 0
  #taken: Deferred | undefined

  /** Nothing is written before. */
  protected attach(socket: Socket): void {
    this.socket = socket
    this.#mayPass = mayPassStream(socket)
  }

  write(bytes: Buffer): void {
    const { socket } = this
    if (!socket) return
    const isFree = this.#mayPass && this.#waiting === 0 && socket.writableLength === 0 && socket.writable
    const outcome = isFree ? writePastStream(socket, bytes, this) : 'stream'
    if (outcome === 'waits') this.#waiting = bytes.length
    else if (outcome === 'stream') socket.write(bytes)
  }

  /** Libuv has written what it kept. */
  written(succeeded: boolean): void {
    this.#waiting = 0
    this.#taken?.resolve()
    this.#taken = undefined
    if (!succeeded) this.socket?.destroy()
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
