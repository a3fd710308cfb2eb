import { ClusterTopology } from './cluster.js'
import { Gateway } from './gateway.js'
import type { History, Publication } from './history.js'
import { Lateness } from './lateness.js'
import { Listener } from './listener.js'
import { Load } from './load.js'
import type { AnyObserver } from './observer.js'
import { channelNames, covers } from './patterns.js'
import { Chance } from './prng.js'
import type { Scope } from './scope.js'
import { SentinelTopology } from './sentinel.js'
import { poll, Signal } from './signal.js'
import { Standalone } from './standalone.js'
import type { Topology } from './topology.js'
import type { Violation } from './verdict.js'
import { wishes } from './wishes.js'

export interface RigOptions {
  readonly seed: number
  readonly topology: 'standalone' | 'sentinel' | 'cluster' | 'sharded'
  readonly gateways: number
  readonly channels: number
  readonly listeners: number
  /** Publications a second. */
  readonly rate: number
  readonly nativeShare: number
  /** Whether some listeners use patterns. */
  readonly patterns: boolean
  /** Whether publishers avoid gateways that are not ready, as behind a load balancer. */
  readonly balanced: boolean
  readonly redisArgs: string[]
  /** Settings of every gateway; how it reaches Redis comes by itself. */
  readonly environment: Record<string, string>
  /** `user:password` of the gateways at Redis. */
  readonly credentials: string | undefined
}

export const defaultOptions: Omit<RigOptions, 'seed'> = {
  topology: 'standalone',
  gateways: 3,
  channels: 20,
  listeners: 50,
  rate: 200,
  nativeShare: 0.25,
  patterns: true,
  balanced: false,
  redisArgs: ['--enable-debug-command', 'local'],
  environment: {},
  credentials: undefined,
}

/** One fault, and what it did to the service. */
export interface Fault {
  readonly startedAt: number
  liftedAt: number
  /** Until the first sign that it was noticed: a 502, 503 or 504, or a gateway that is not ready. */
  noticeMs?: number
  /** From its end until every listener heard something new on every topic, and every gateway was ready. */
  backMs?: number
}

/** Whom a fault concerned. */
interface Concerned {
  readonly gateways?: readonly Gateway[]
  readonly listeners?: readonly Listener[]
  readonly more?: number
}

/** Gateways, Redis, listeners and publishers of one run, and what they wrote down. */
export class Rig {
  readonly scope: Scope
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
  /** Figures that a scenario wants in the report. */
  readonly notes: string[] = []

  private constructor(
    parts: Pick<Rig, 'scope' | 'chance' | 'signal' | 'topology' | 'gateways' | 'listeners' | 'load' | 'channels'>,
  ) {
    this.scope = parts.scope
    this.lateness = new Lateness(parts.scope, parts.gateways)
    this.chance = parts.chance
    this.signal = parts.signal
    this.topology = parts.topology
    this.gateways = parts.gateways
    this.listeners = parts.listeners
    this.load = parts.load
    this.channels = parts.channels
  }

  /** Resolves when every listener is live and the publishers are at work. */
  static async start(scope: Scope, given: Partial<RigOptions> & { seed: number }): Promise<Rig> {
    const options = { ...defaultOptions, ...given }
    const signal = new Signal()
    const chance = new Chance(options.seed)
    const channels = channelNames(options.channels)
    const topology = await startTopology(scope, options, signal)
    const gateways = await Promise.all(
      Array.from({ length: options.gateways }, (_, i) => {
        const url = topology.url(i).replace('//', options.credentials ? `//${options.credentials}@` : '//')
        return Gateway.start(scope, `g${i + 1}`, { REDIS_URL: url, RETRY_MS: '300', ...options.environment }, signal)
      }),
    )
    const routing = chance.fork()
    const ready = () => gateways.filter(gateway => gateway.ready)
    const listeners = wishes(chance.fork(), channels, options).map(wish => {
      const home = gateways[wish.home % gateways.length]
      // At first where it belongs; later where a load balancer would send it.
      const gateway = () => (home?.ready ? home : routing.pick(ready().length > 0 ? ready() : gateways))
      return new Listener({ ...wish, gateway, reconnect: true, signal })
    })
    scope.teardown(() => {
      for (const listener of listeners) listener.close()
    })
    const load = new Load(scope, {
      ...options,
      channels,
      gateways: () => (options.balanced && ready().length > 0 ? ready() : gateways),
      native: topology.connect(),
      chance: chance.fork(),
      signal,
    })
    const rig = new Rig({ scope, chance, signal, topology, gateways, listeners, load, channels })
    for (const listener of listeners) listener.open()
    if (!(await signal.until(() => listeners.every(({ live }) => live), 10_000)))
      throw new Error('not every stream opened')
    load.start()
    await rig.heard(Date.now(), 10_000)
    return rig
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
        .filter(({ outcome, answeredAt = 0 }) => isOutage(outcome) && answeredAt >= fault.startedAt)
        .map(({ answeredAt = 0 }) => answeredAt),
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

  /**
   * Each stream that was open all the time was told of the fault once for each of its topics.
   * Where the cure cuts the connection again, there may be so many more gaps.
   */
  expectOneGapEach(
    { startedAt }: Fault,
    { gateways = this.gateways, listeners = this.listeners, more = this.lateness.starved ? 1 : 0 }: Concerned = {},
  ): void {
    const names = new Set(gateways.map(({ name }) => name))
    for (const { name, form, session } of listeners) {
      if (!session || session.openedAt > startedAt || !names.has(session.gateway)) continue
      for (const topic of session.topics) {
        const gaps = session.gaps.filter(
          gap => gap.kind === topic.kind && gap.name === topic.name && gap.at >= startedAt,
        )
        this.expect(
          gaps.length >= 1 && gaps.length <= 1 + more,
          `${name} (${form}) was told ${gaps.length} gaps on ${topic.name}, not ${more === 0 ? 1 : `1 to ${1 + more}`}`,
        )
      }
    }
  }

  /** Nothing happened that a listener could have lost a message by since the last fault began. */
  expectNoGaps(): void {
    const since = this.faults.at(-1)?.startedAt ?? 0
    const gaps = this.listeners.flatMap(({ sessions }) => sessions.flatMap(session => session.gaps))
    const late = gaps.filter(({ at }) => at >= since)
    const text = `${late.length} gaps were told, and there was nothing to lose a message by`
    // A gateway that waits for the processor takes Redis for dead, and may say so.
    if (late.length > 0 && this.lateness.starved) this.note(`${text}; the machine was starved`)
    else this.expect(late.length === 0, text)
  }

  /** What was sent to gateways while the fault lasted had one of these outcomes. */
  expectOnlyOutcomes({ startedAt, liftedAt }: Fault, allowed: readonly Publication['outcome'][]): void {
    const others = this.load.publications.filter(
      ({ via, outcome, sentAt }) =>
        via !== 'native' &&
        sentAt >= startedAt &&
        sentAt <= liftedAt &&
        outcome !== 'pending' &&
        !allowed.includes(outcome),
    )
    this.expect(others.length === 0, `${others.length} publishes had another outcome, the first ${others[0]?.outcome}`)
  }

  /** Ends the publishing, and waits until everybody has what is under way. */
  async settle(): Promise<void> {
    this.load.pause()
    await this.signal.until(() => this.load.open === 0, 15_000)
    await this.signal.until(() => this.listeners.every(({ live }) => live), 10_000)
    await poll(() => this.topology.isWell(), 10_000)
    const { marks, deaf } = await this.#mark()
    const failed = marks.filter(id => this.load.find(id)?.outcome !== 200)
    this.expect(failed.length === 0, `Redis did not take ${failed.length} messages after the run`)
    this.expect(deaf.length === 0, `deaf at the end: ${deaf.slice(0, 5).join(', ')}`)
    const { observers, sharded } = this.topology
    const isSeen = (id: string, { observations }: AnyObserver) => observations.some(seen => seen.id === id)
    const seen = (id: string) =>
      sharded ? observers.some(one => isSeen(id, one)) : observers.every(one => isSeen(id, one))
    await this.signal.until(() => marks.every(seen), 5000)
    for (const listener of this.listeners) listener.close()
    for (const { name, output } of this.gateways)
      for (const line of output.split('\n').filter(isErrorLine).slice(0, 3))
        this.expect(false, `${name} logged: ${line.slice(0, 400)}`)
    for (const { name, refusals } of this.listeners)
      for (const { status } of refusals) this.expect(false, `${name} was refused a stream with ${status}`)
  }

  /** One message on each channel for everybody; others, when a starved gateway took Redis for dead and told a gap. */
  async #mark(): Promise<{ marks: string[]; deaf: string[] }> {
    const deadline = Date.now() + 20_000
    for (;;) {
      const since = Date.now() - 1
      const marks = await this.load.mark()
      const deaf = await this.heard(since, 5000)
      if (deaf.length === 0 || !this.lateness.starved || Date.now() > deadline) return { marks, deaf }
    }
  }

  history(): History {
    return {
      publications: this.load.publications,
      observations: this.topology.observers.flatMap(({ observations }) => observations),
      blind: this.topology.observers.flatMap(({ blind }) => blind),
      sessions: this.listeners.flatMap(({ sessions }) => sessions),
      stalls: this.gateways.flatMap(({ stalls }) => stalls),
    }
  }
}

function startTopology(
  scope: Scope,
  { topology, gateways, redisArgs }: Omit<RigOptions, 'seed'>,
  signal: Signal,
): Promise<Topology> {
  switch (topology) {
    case 'standalone':
      return Standalone.start(scope, gateways, redisArgs, signal)
    case 'sentinel':
      return SentinelTopology.start(scope, signal)
    default:
      return ClusterTopology.start(scope, signal, topology === 'sharded')
  }
}

const isOutage = (outcome: Publication['outcome']): boolean => outcome === 502 || outcome === 503 || outcome === 504

/** A line of the log of level error or worse. */
const isErrorLine = (line: string): boolean => /"level":[56]0\b/.test(line) || /unhandled|uncaught/i.test(line)
