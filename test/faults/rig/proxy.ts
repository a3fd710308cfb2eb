import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Scope } from './scope.js'

interface Pair {
  readonly down: Socket
  readonly up: Socket | undefined
}

/**
 * A TCP proxy that can go silent. Frozen, it neither reads nor writes: sockets stay open, their
 * kernel buffers fill, a new connection is accepted and gets no answer, as with a peer whose
 * network is gone. Thawed, everything that was held goes on.
 */
export class FreezingProxy {
  readonly #server: Server
  #target: number
  readonly #pairs = new Set<Pair>()
  /** Also those that were stranded. */
  readonly #sockets = new Set<Socket>()
  #frozen = false

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: false }, down => this.#accept(down))
  }

  static async start(scope: Scope, target: number): Promise<FreezingProxy> {
    const proxy = new FreezingProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    scope.teardown(() => {
      proxy.#server.close()
      for (const socket of proxy.#sockets) socket.destroy()
    })
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port // it listens on TCP
  }

  get connections(): number {
    return this.#pairs.size
  }

  freeze(): void {
    this.#frozen = true
    for (const { down, up } of this.#pairs) {
      for (const [from, to] of [
        [down, up],
        [up, down],
      ]) {
        if (to) from?.unpipe(to)
        from?.pause()
      }
    }
  }

  thaw(): void {
    this.#frozen = false
    for (const pair of [...this.#pairs]) {
      if (pair.up) this.#join(pair.down, pair.up)
      else {
        this.#pairs.delete(pair)
        this.#accept(pair.down)
      }
    }
  }

  /** The connections of now go silent for ever, new ones work: a firewall that forgot what it let through. */
  strand(): void {
    this.freeze()
    this.#frozen = false
    this.#pairs.clear()
  }

  /** Ends every connection; new ones lead to that port. */
  leadTo(port: number): void {
    this.#target = port
    this.cut()
  }

  /** Ends every connection. */
  cut(): void {
    for (const { down, up } of this.#pairs) {
      down.destroy()
      up?.destroy()
    }
  }

  #accept(down: Socket): void {
    const up = this.#frozen ? undefined : connect({ port: this.#target, host: '127.0.0.1' })
    const pair = { down, up }
    this.#pairs.add(pair)
    for (const socket of up ? [down, up] : [down]) {
      this.#sockets.add(socket)
      socket.setNoDelay()
      socket.on('error', () => {}) // a close follows
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#pairs.delete(pair)
        down.destroy()
        up?.destroy()
      })
    }
    if (up) this.#join(down, up)
  }

  #join(down: Socket, up: Socket): void {
    down.pipe(up)
    up.pipe(down)
  }
}
