import { Redis } from 'ioredis'
import type { Blind, Observation } from './history.js'
import { idOf } from './observer.js'
import type { Scope } from './scope.js'
import type { Signal } from './signal.js'

/**
 * Watches with MONITOR what one node of a Cluster executes. There are no patterns in sharded
 * Pub/Sub, and whoever subscribes is moved about with the slots; MONITOR is not.
 */
export class MonitorObserver {
  readonly node: string
  readonly observations: Observation[] = []
  readonly blind: Blind[] = []

  private constructor(node: string) {
    this.node = node
  }

  static async start(scope: Scope, node: string, port: number, signal: Signal): Promise<MonitorObserver> {
    const observer = new MonitorObserver(node)
    const redis = new Redis({ port, monitor: true, retryStrategy: () => 20, lazyConnect: true })
    scope.teardown(() => redis.disconnect())
    redis.on('error', () => {}) // it goes on trying; what it misses is noted
    redis.on('monitor', (_time: string, [command, channel = '', message = '']: string[]) => {
      if (command?.toLowerCase() !== 'spublish' || !channel.startsWith('f.')) return
      observer.observations.push({ id: idOf(message), channel, node, at: Date.now(), isAlone: true })
      signal.raise()
    })
    redis.on('close', () => {
      if (observer.blind.at(-1)?.to !== Number.POSITIVE_INFINITY)
        observer.blind.push({ node, from: Date.now(), to: Number.POSITIVE_INFINITY })
    })
    redis.on('monitoring', () => {
      const last = observer.blind.at(-1)
      if (last) last.to = Math.min(last.to, Date.now())
    })
    const monitoring = new Promise(resolve => redis.once('monitoring', resolve))
    await redis.connect()
    await monitoring
    return observer
  }
}
