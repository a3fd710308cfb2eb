import http from 'node:http'
import { type GatewayProcess, startGateway } from '../../support/gateway.js'
import { freePort } from '../../support/ports.js'
import type { Stall } from './history.js'
import type { Scope } from './scope.js'
import type { Signal } from './signal.js'

/** When a gateway was seen to become ready, or to be so no more. */
export interface Transition {
  readonly at: number
  readonly ready: boolean
}

/** One of the gateways: always at the same port, while its process may come and go. */
export class Gateway {
  readonly name: string
  readonly port: number
  readonly agent = new http.Agent({ keepAlive: true })
  readonly transitions: Transition[] = []
  readonly stalls: Stall[] = []
  readonly #scope: Scope
  readonly #environment: Record<string, string>
  readonly #signal: Signal
  readonly #earlierOutput: string[] = []
  #process: GatewayProcess | undefined
  #watching = true

  private constructor(scope: Scope, name: string, port: number, environment: Record<string, string>, signal: Signal) {
    this.#scope = scope
    this.name = name
    this.port = port
    this.#environment = { LOG_LEVEL: 'warn', ...environment, PORT: `${port}` }
    this.#signal = signal
  }

  /** Resolves when it is ready. */
  static async start(
    scope: Scope,
    name: string,
    environment: Record<string, string>,
    signal: Signal,
  ): Promise<Gateway> {
    const gateway = new Gateway(scope, name, await freePort(), environment, signal)
    await gateway.startProcess()
    scope.teardown(() => {
      gateway.#watching = false
      gateway.agent.destroy()
    })
    gateway.#watch()
    return gateway
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get ready(): boolean {
    return this.transitions.at(-1)?.ready ?? true
  }

  get runningPid(): number | undefined {
    return this.#process?.process.pid
  }

  get pid(): number {
    const pid = this.runningPid
    if (pid === undefined) throw new Error(`${this.name} does not run`)
    return pid
  }

  /** What its processes wrote to their standard output and error. */
  get output(): string {
    return [...this.#earlierOutput, this.#process?.output() ?? ''].join('')
  }

  /** It stands still. */
  get isPaused(): boolean {
    return this.stalls.at(-1)?.to === Number.POSITIVE_INFINITY
  }

  async startProcess(): Promise<void> {
    this.#process = await startGateway(this.#scope, this.#environment)
    this.#note(true)
  }

  /** Sends a signal to the process; resolves with its exit code when it has ended. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    const process = this.#process
    const code = await process?.stop(signal)
    this.#earlierOutput.push(process?.output() ?? '')
    this.#process = undefined
    this.#note(false)
    return code ?? null
  }

  /** The process stands still until the promise resolves; it owes no answers meanwhile. */
  async pausedFor(body: () => Promise<void>): Promise<void> {
    const stall = { gateway: this.name, from: Date.now(), to: Number.POSITIVE_INFINITY }
    this.stalls.push(stall)
    process.kill(this.pid, 'SIGSTOP')
    try {
      await body()
    } finally {
      process.kill(this.pid, 'SIGCONT')
      stall.to = Date.now()
    }
  }

  async getJson<Body>(path: string): Promise<Body> {
    const response = await fetch(`${this.url}${path}`)
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    return (await response.json()) as Body // as the contract says
  }

  /** Asks for readiness again and again, as a load balancer would. */
  async #watch(): Promise<void> {
    while (this.#watching) {
      const ready = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(1000) }).then(
        async response => {
          await response.arrayBuffer()
          return response.ok
        },
        () => false,
      )
      this.#note(ready)
      await new Promise(resolve => setTimeout(resolve, WATCH_EVERY_MS))
    }
  }

  #note(ready: boolean): void {
    if (this.transitions.at(-1)?.ready === ready) return
    this.transitions.push({ at: Date.now(), ready })
    this.#signal.raise()
  }
}

const WATCH_EVERY_MS = 50
