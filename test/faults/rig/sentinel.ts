import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Redis } from 'ioredis'
import { freePort } from '../../support/ports.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { Observer } from './observer.js'
import type { Scope } from './scope.js'
import { poll, type Signal } from './signal.js'
import { connectNatively, type Topology } from './topology.js'

const MASTER = 'carillon'
const DOWN_AFTER_MS = 1000

/** A master, two replicas, and three Sentinels that watch over them. */
export class SentinelTopology implements Topology {
  readonly observers: Observer[] = []
  readonly #scope: Scope
  readonly #nodes = new Map<number, RedisServer>()
  readonly #sentinels: number[] = []
  /** When a Sentinel told that it follows another master now. A slow one may be replaced a second time. */
  readonly switches: number[] = []
  #native: Redis | undefined

  private constructor(scope: Scope) {
    this.#scope = scope
  }

  static async start(scope: Scope, signal: Signal): Promise<SentinelTopology> {
    const topology = new SentinelTopology(scope)
    const master = await freePort()
    await topology.startNode(master)
    for (let i = 0; i < 2; i++) await topology.startNode(await freePort(), ['--replicaof', '127.0.0.1', `${master}`])
    for (let i = 0; i < 3; i++) topology.#sentinels.push(await startSentinel(scope, master, topology.switches))
    await topology.#settled()
    for (const port of topology.#nodes.keys())
      topology.observers.push(await Observer.start(scope, nodeName(port), port, signal))
    return topology
  }

  url(): string {
    return `redis+sentinel://${this.#sentinels.map(port => `127.0.0.1:${port}`).join(',')}/${MASTER}`
  }

  connect(): Redis {
    const sentinels = this.#sentinels.map(port => ({ host: '127.0.0.1', port }))
    this.#native = connectNatively({ sentinels, name: MASTER, failoverDetector: true })
    return this.#native
  }

  async isWell(): Promise<boolean> {
    // As the gateways had to learn: ioredis gives up for good when Sentinels speak in the middle of its questions.
    if (this.#native?.status === 'end') this.#native.connect().catch(() => {})
    if (this.#native?.status !== 'ready') return false
    const [role] = (await this.#native.role().catch(() => [''])) as [string]
    if (role === 'master') return true
    this.#native.disconnect(true)
    return false
  }

  /** Those of the nodes, not of the Sentinels. */
  get ports(): number[] {
    return [...this.#nodes.keys()]
  }

  /** Port of the node that the Sentinels call master. */
  async master(): Promise<number> {
    const answer = await this.sentinel('GET-MASTER-ADDR-BY-NAME', MASTER)
    return Number(answer.split('\n')[1])
  }

  async failOver(): Promise<void> {
    await this.sentinel('FAILOVER', MASTER)
  }

  /** Resolves when the Sentinels name another master and it is one; with its port. */
  async untilAnotherMaster(old: number): Promise<number> {
    let now = old
    const changed = await poll(async () => {
      now = await this.master()
      return now !== old && (await this.role(now)) === 'master'
    }, 20_000)
    if (!changed) throw new Error('the Sentinels did not fail over within 20 seconds')
    return now
  }

  async role(port: number): Promise<string> {
    return (
      (
        (await this.node(port)
          .cli('ROLE')
          .catch(() => '')) ?? ''
      ).split('\n')[0] ?? ''
    )
  }

  node(port: number): RedisServer {
    const node = this.#nodes.get(port)
    if (!node) throw new Error(`there is no node at ${port}`)
    return node
  }

  async startNode(port: number, args: string[] = []): Promise<void> {
    const quick = ['--repl-diskless-sync-delay', '0', ...args]
    this.#nodes.set(port, await startRedis(this.#scope, { port, args: quick }))
  }

  async sentinel(...args: string[]): Promise<string> {
    const [any] = this.#nodes.values()
    // The last `-p` counts, and any node's redis-cli will do.
    return (await any?.cli('-p', `${this.#sentinels[0]}`, 'SENTINEL', ...args)) ?? ''
  }

  async #settled(): Promise<void> {
    const settled = await poll(async () => {
      const states = await this.sentinel('MASTER', MASTER)
      return /num-slaves\n2\n/.test(states) && /num-other-sentinels\n2\n/.test(states)
    }, 20_000)
    if (!settled) throw new Error('the Sentinels did not find each other within 20 seconds')
  }
}

export const nodeName = (port: number): string => `redis:${port}`

/** Starts a Sentinel; resolves with its port when it watches. */
async function startSentinel(scope: Scope, master: number, switches: number[]): Promise<number> {
  const port = await freePort()
  const home = await mkdtemp(join(tmpdir(), 'carillon-sentinel-'))
  const file = join(home, 'sentinel.conf')
  const config = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${home}`,
    `sentinel monitor ${MASTER} 127.0.0.1 ${master} 2`,
    `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER} 5000`,
    `sentinel parallel-syncs ${MASTER} 2`,
  ]
  await writeFile(file, `${config.join('\n')}\n`)
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(sentinel, 'exit')
  scope.teardown(async () => {
    sentinel.kill('SIGKILL')
    await exited
    await rm(home, { recursive: true, force: true })
  })
  const lines = createInterface(sentinel.stdout)
  await new Promise<void>(resolve => {
    lines.on('line', line => {
      if (line.includes('+monitor master')) resolve()
      if (line.includes('+switch-master')) switches.push(Date.now())
    })
  })
  return port
}
