import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { freePort } from '../../support/ports.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { Observer } from './observer.js'
import { FreezingProxy } from './proxy.js'
import type { Scope } from './scope.js'
import { poll, type Signal } from './signal.js'
import { connectNatively, type Topology } from './topology.js'

/** One Redis. Each gateway reaches it through a proxy of its own; observer and native clients go there directly. */
export class Standalone implements Topology {
  /** Of the server that is the master now. */
  port: number
  readonly proxies: readonly FreezingProxy[]
  readonly #scope: Scope
  readonly #args: string[]
  readonly #dir: string
  readonly #observers: Observer[] = []
  readonly #signal: Signal
  #native: Redis | undefined
  #server: RedisServer | undefined

  private constructor(
    scope: Scope,
    port: number,
    args: string[],
    dir: string,
    proxies: readonly FreezingProxy[],
    signal: Signal,
  ) {
    this.#signal = signal
    this.#scope = scope
    this.port = port
    this.#args = args
    this.#dir = dir
    this.proxies = proxies
  }

  static async start(scope: Scope, gateways: number, args: string[], signal: Signal): Promise<Standalone> {
    const port = await freePort()
    const proxies = await Promise.all(Array.from({ length: gateways }, () => FreezingProxy.start(scope, port)))
    const dir = await mkdtemp(join(tmpdir(), 'carillon-rig-'))
    scope.teardown(() => rm(dir, { recursive: true, force: true }))
    const redis = new Standalone(scope, port, args, dir, proxies, signal)
    await redis.start()
    redis.#observers.push(await Observer.start(scope, 'redis', port, signal))
    return redis
  }

  get observers(): readonly Observer[] {
    return this.#observers
  }

  url(gateway: number): string {
    return `redis://127.0.0.1:${this.proxies[gateway]?.port}`
  }

  connect(): Redis {
    this.#native = connectNatively({ port: this.port })
    return this.#native
  }

  async isWell(): Promise<boolean> {
    return this.#native?.status === 'ready'
  }

  async start(): Promise<void> {
    this.#server = await startRedis(this.#scope, { port: this.port, args: this.#args, dir: this.#dir })
  }

  async kill(): Promise<void> {
    await this.#server?.stop('SIGKILL')
  }

  /** Starts a replica that has everything, and can take over. */
  async startReplica(): Promise<{ promote(): Promise<void>; takeOver(): Promise<void> }> {
    const old = this.#server
    const args = [...this.#args, '--repl-diskless-sync-delay', '0', '--replicaof', '127.0.0.1', `${this.port}`]
    const replica = await startRedis(this.#scope, { args })
    const synced = async () => /master_link_status:up/.test(await replica.cli('INFO', 'replication'))
    if (!(await poll(synced, 10_000))) throw new Error('the replica was not in step within 10 seconds')
    this.#observers.push(await Observer.start(this.#scope, 'replica', replica.port, this.#signal))
    return {
      promote: async () => {
        await replica.cli('REPLICAOF', 'NO', 'ONE')
      },
      takeOver: async () => {
        this.#server = replica
        this.port = replica.port
        for (const proxy of this.proxies) proxy.leadTo(replica.port)
        await old?.cli('REPLICAOF', '127.0.0.1', `${replica.port}`)
        if (!this.#native) return
        this.#native.options.port = replica.port
        this.#native.disconnect(true)
      },
    }
  }

  freeze(): void {
    this.#server?.process.kill('SIGSTOP')
  }

  thaw(): void {
    this.#server?.process.kill('SIGCONT')
  }

  async cli(...args: string[]): Promise<string> {
    if (!this.#server) throw new Error('Redis does not run')
    return this.#server.cli(...args)
  }

  /** Ids of the connections through which gateways listen. */
  async gatewaySubscribers(): Promise<string[]> {
    const clients = (await this.cli('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n')
    return clients
      .filter(client => !client.includes(` name=${Observer.connectionName} `))
      .flatMap(client => /^id=(\d+)/.exec(client)?.[1] ?? [])
  }
}
