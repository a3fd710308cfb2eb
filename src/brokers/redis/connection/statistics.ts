import { Histogram, SECONDS } from '../../../telemetry/histogram.js'
import type { ConnectionStatistics } from '../../broker.js'

/** What all connections to Redis have seen together; each of them adds to it. */
export class RedisStatistics implements ConnectionStatistics {
  up = 0
  reconnects = 0
  /** What the log has already said that Redis does not tell. */
  readonly shortcomings = new Set<string>()
  readonly roundTrips = new Histogram(SECONDS)
}
