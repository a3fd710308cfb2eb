import { setTimeout as pause } from 'node:timers/promises'
import type { Broker } from './brokers/broker.js'
import type { Config } from './config/config.js'
import { Hub } from './fanout/hub.js'
import { PositionCheck } from './history/position-check.js'
import { Limits } from './limits/limits.js'
import { Publishing } from './publishing/publishing.js'
import { Streams } from './streams/streams.js'
import { AccessLog } from './telemetry/access-log.js'
import { Counters } from './telemetry/counters.js'
import { type Snapshot, takeSnapshot } from './telemetry/exposition.js'
import { type Logger, silentLogger } from './telemetry/logger.js'

/** The domain as one object, for the routes. */
export interface Gateway {
  readonly config: Config
  readonly broker: Broker
  readonly hub: Hub
  readonly publishing: Publishing
  readonly streams: Streams
  readonly counters: Counters
  readonly limits: Limits
  readonly accessLog: AccessLog
  /** The metrics of every process that serves the port. */
  readonly gatherMetrics: () => Promise<readonly Snapshot[]>
  /** Ends the streams and the broker. */
  close(): Promise<void>
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
  await pause(wait * 1000)
  await streams.drain(((config.DRAIN_SECONDS - wait) * 2) / 3)
}

export interface GatewayOptions {
  readonly gather?: GatherMetrics
  /** Records requests and ends of streams. */
  readonly log?: Logger
}

/**
 * Puts the gateway together and lets the broker connect.
 * @throws ConfigError
 */
export function createGateway(
  config: Config,
  broker: Broker,
  { gather = alone, log = silentLogger }: GatewayOptions = {},
): Gateway {
  const counters = new Counters()
  const hub = new Hub(broker, { counters, maxCatchUps: config.MAX_REPLAYS })
  const limits = new Limits(config, broker.rateLimitStore)
  const publishing = new Publishing({ broker, limits, counters, maxBytes: config.MAX_MESSAGE_BYTES })
  const accessLog = new AccessLog(log, config.LOG_REQUESTS)
  const streams = new Streams(hub, config, { counters, limits, accessLog })
  const { history } = broker
  const check = history && new PositionCheck({ history, sequencers: () => hub.sequencers() })
  broker.start(hub)
  check?.start()
  const gateway = { config, broker, hub, publishing, streams, counters, limits, accessLog }
  const close = async () => {
    check?.stop()
    streams.close()
    await broker.close()
  }
  return { ...gateway, close, gatherMetrics: gather(() => takeSnapshot(gateway)) }
}
