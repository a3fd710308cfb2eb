import { ClusterTopology } from './cluster.js'
import type { Gateway } from './gateway.js'
import type { History, Publication } from './history.js'
import { Lateness } from './lateness.js'
import type { Listener } from './listener.js'
import type { Load } from './load.js'
import { covers } from './patterns.js'
import type { Chance } from './prng.js'
import type { RigOptions } from './rig-options.js'
import type { Scope } from './scope.js'
import { SentinelTopology } from './sentinel.js'
import type { Signal } from './signal.js'
import { Standalone } from './standalone.js'
import type { Topology } from './topology.js'
import type { Violation } from './verdict.js'

/** One fault, and what it did to the service. */
export interface Fault {
  readonly startedAt: number
  liftedAt: number
  /** Until the first sign that it was noticed: a 502, 503 or 504, or a gateway that is not ready. */
  noticeMs?: number
  /** From its end until every listener heard something new on every topic, and every gateway was ready. */
  backMs?: number
}

/** Gateways, Redis, listeners and publishers of one run, and what they wrote down. */
export class Rig {
  readonly scope: Scope
  readonly options: RigOptions
  readonly lateness: Lateness
  readonly chance: Chance
  readonly signal: Signal
  readonly topology: Topology
  readonly gateways: readonly Gateway[]
  readonly listeners: Listener[]
  readonly load: Load
  readonly channels: readonly string[]
  readonly faults: Fault[] = []
  /** What a scenario found wrong, beside the oracle. */
  readonly violations: Violation[] = []
  /** What Redis kept of each channel, once it has been read. */
  kept: ReadonlyMap<string, readonly string[]> | undefined
  /** Figures that a scenario wants in the report. */
  readonly notes: string[] = []

  constructor(
    parts: Pick<
      Rig,
      'scope' | 'options' | 'chance' | 'signal' | 'topology' | 'gateways' | 'listeners' | 'load' | 'channels'
    >,
  ) {
    this.scope = parts.scope
    this.options = parts.options
    this.lateness = new Lateness(parts.scope, parts.gateways)
    this.chance = parts.chance
    this.signal = parts.signal
    this.topology = parts.topology
    this.gateways = parts.gateways
    this.listeners = parts.listeners
    this.load = parts.load
    this.channels = parts.channels
  }

  get redis(): Standalone {
    if (this.topology instanceof Standalone) return this.topology
    throw new Error('the Redis of this run is not a single one')
  }

  get cluster(): ClusterTopology {
    if (this.topology instanceof ClusterTopology) return this.topology
    throw new Error('there is no Cluster in this run')
  }

  get sentinel(): SentinelTopology {
    if (this.topology instanceof SentinelTopology) return this.topology
    throw new Error('there are no Sentinels in this run')
  }

  expect(condition: boolean, detail: string): void {
    if (!condition) this.violations.push({ kind: 'scenario', detail })
  }

  note(text: string): void {
    this.notes.push(text)
  }

  /** Lets a fault begin and end, and measures when it was noticed. */
  async fault(body: () => Promise<void>): Promise<Fault> {
    const fault: Fault = { startedAt: Date.now(), liftedAt: Number.POSITIVE_INFINITY }
    this.faults.push(fault)
    await body()
    fault.liftedAt = Date.now()
    return fault
  }

  /** Waits until the fault is over for everybody, and measures how long that took. */
  async recover(fault: Fault, withinMs = 15_000): Promise<void> {
    const ready = await this.signal.until(() => this.gateways.every(gateway => gateway.ready), withinMs)
    this.expect(ready, `a gateway was not ready ${withinMs} ms after the fault`)
    const deaf = await this.heard(fault.liftedAt, withinMs)
    this.expect(deaf.length === 0, `${withinMs} ms after the fault deaf: ${deaf.slice(0, 5).join(', ')}`)
    const noticed = [
      ...this.load.publications
        .flatMap(({ outcome, answeredAt: at = 0, earlier = [] }) => [...earlier, { outcome, at }])
        .filter(({ outcome, at }) => isOutage(outcome) && at >= fault.startedAt)
        .map(({ at }) => at),
      ...this.gateways.flatMap(gateway =>
        gateway.transitions.filter(({ at, ready }) => !ready && at >= fault.startedAt).map(({ at }) => at),
      ),
    ]
    if (noticed.length > 0) fault.noticeMs = Math.min(...noticed) - fault.startedAt
    fault.backMs = Date.now() - fault.liftedAt
  }

  /** Waits until every listener heard, on every topic, something sent after that time. Those that did not. */
  async heard(since: number, withinMs: number, listeners: readonly Listener[] = this.listeners): Promise<string[]> {
    const waiting = new Set(listeners.flatMap(listener => listener.topics.map(topic => ({ listener, topic }))))
    await this.signal.until(() => {
      for (const pair of waiting) {
        const { listener, topic } = pair
        const deliveries = listener.session?.deliveries ?? []
        const isNews = (i: number) => {
          const { id = '', channel = '' } = deliveries[i] ?? {}
          return covers(topic, channel) && (this.load.find(id)?.sentAt ?? 0) > since
        }
        for (let i = deliveries.length - 1; i >= 0 && (deliveries[i]?.at ?? 0) >= since; i--)
          if (isNews(i)) {
            waiting.delete(pair)
            break
          }
      }
      return waiting.size === 0
    }, withinMs)
    return [...waiting].map(({ listener, topic }) => `${listener.name} (${listener.form}) on ${topic.name}`)
  }

  history(): History {
    return {
      publications: this.load.publications,
      observations: this.topology.observers.flatMap(({ observations }) => observations),
      blind: this.topology.observers.flatMap(({ blind }) => blind),
      sessions: this.listeners.flatMap(({ sessions }) => sessions),
      stalls: this.gateways.flatMap(({ stalls }) => stalls),
      ...(this.kept && { kept: this.kept }),
    }
  }
}

/** Redis is away, or was when it should have answered. */
export const isOutage = (outcome: Publication['outcome']): boolean =>
  outcome === 502 || outcome === 503 || outcome === 504
