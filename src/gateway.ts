import { setTimeout } from 'node:timers/promises'
import type { Broker } from './broker.js'
import type { Config } from './config.js'
import { Counters } from './counters.js'
import { type Snapshot, takeSnapshot } from './exposition.js'
import { Hub } from './hub.js'
import { Journal } from './journal.js'
import { Limits } from './limits.js'
import { type Logger, silentLogger } from './logger.js'
import { Streams } from './streams.js'

/** The domain as one: what the routes work with. */
export interface Gateway {
  readonly config: Config
  readonly broker: Broker
  readonly hub: Hub
  readonly streams: Streams
  readonly counters: Counters
  readonly limits: Limits
  readonly journal: Journal
  /** The metrics of every process that serves the port. */
  readonly gatherMetrics: () => Promise<readonly Snapshot[]>
}

/** Given how to tell the metrics of this process, the way to those of all. */
export type GatherMetrics = (take: () => Promise<Snapshot>) => () => Promise<readonly Snapshot[]>

const alone: GatherMetrics = take => async () => [await take()]

/**
 * What a stop begins with: not ready at once, streams ended after `DRAIN_DELAY_SECONDS`, or half of the time. Leaves a
 * third of what remains of `DRAIN_SECONDS` for requests in flight and for closing.
 */
export async function drain({ streams, config }: Gateway, { delay = config.DRAIN_DELAY_SECONDS } = {}): Promise<void> {
  const wait = Math.min(delay, config.DRAIN_SECONDS / 2)
  streams.startDraining()
  await setTimeout(wait * 1000)
  await streams.drain(((config.DRAIN_SECONDS - wait) * 2) / 3)
}

export interface GatewayOptions {
  readonly gather?: GatherMetrics
  /** Where requests and ends of streams are told. */
  readonly log?: Logger
}

/**
 * Puts the gateway together and lets the broker connect. Whoever made the broker closes it.
 * @throws ConfigError
 */
export function createGateway(
  config: Config,
  broker: Broker,
  { gather = alone, log = silentLogger }: GatewayOptions = {},
): Gateway {
  const counters = new Counters()
  const hub = new Hub(broker, { counters })
  const limits = new Limits(config, broker.ledger)
  const journal = new Journal(log, config.LOG_REQUESTS)
  const streams = new Streams(hub, config, { counters, limits, journal })
  broker.start(hub)
  const gateway = { config, broker, hub, streams, counters, limits, journal }
  return { ...gateway, gatherMetrics: gather(() => takeSnapshot(gateway)) }
}
