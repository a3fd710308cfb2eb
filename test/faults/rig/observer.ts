import { Redis } from 'ioredis'
import type { Blind, Observation } from './history.js'
import type { Scope } from './scope.js'
import type { Signal } from './signal.js'

/** Whoever writes down what one node did. */
export interface AnyObserver {
  readonly node: string
  readonly observations: readonly Observation[]
  readonly blind: readonly Blind[]
}

/** A native subscriber at one Redis node: what it hears is what that node executed, in its order. */
export class Observer {
  /** Its name in `CLIENT LIST`, so that a fault can spare it. */
  static readonly connectionName = 'observer'
  readonly node: string
  readonly observations: Observation[] = []
  readonly blind: Blind[] = []
  readonly #redis: Redis
  readonly #signal: Signal

  private constructor(node: string, port: number, signal: Signal) {
    this.node = node
    this.#signal = signal
    this.#redis = new Redis({
      port,
      connectionName: Observer.connectionName,
      autoResubscribe: false,
      retryStrategy: () => 20,
      lazyConnect: true,
    })
    this.#redis.on('error', () => {}) // it goes on trying; what it misses is noted
    this.#redis.on('pmessage', (_pattern: string, channel: string, message: string) => {
      this.observations.push({ id: idOf(message), channel, node, at: Date.now() })
      this.#signal.raise()
    })
    this.#redis.on('close', () => {
      const { last } = this
      if (last?.to !== Number.POSITIVE_INFINITY)
        this.blind.push({ node, from: Date.now(), to: Number.POSITIVE_INFINITY })
    })
  }

  static async start(scope: Scope, node: string, port: number, signal: Signal): Promise<Observer> {
    const observer = new Observer(node, port, signal)
    scope.teardown(() => observer.#redis.disconnect())
    await observer.#redis.connect()
    await observer.#redis.psubscribe(EVERYTHING)
    observer.#redis.on('ready', () => observer.#seeAgain())
    return observer
  }

  get last(): Blind | undefined {
    return this.blind.at(-1)
  }

  #seeAgain(): void {
    this.#redis.psubscribe(EVERYTHING).then(
      () => {
        if (this.last) this.last.to = Date.now()
      },
      () => {}, // cut again: the time goes on
    )
  }
}

/** The channels of a run; those of the gateways among themselves are their own affair. */
const EVERYTHING = 'f.*'

/** A message begins with its id; padding may follow. */
export const idOf = (message: string): string => message.split(' ', 1)[0] ?? ''
