import { Histogram, SECONDS } from '../../../telemetry/histogram.js'
import type { ConnectionStatistics } from '../../broker.js'

/** Counters shared by all connections to Redis; each adds to them. */
export class RedisStatistics implements ConnectionStatistics {
  up = 0
  reconnects = 0
  /** Facts that Redis does not reveal, as far as they are logged already. */
  readonly shortcomings = new Set<string>()
  readonly roundTrips = new Histogram(SECONDS)
}
