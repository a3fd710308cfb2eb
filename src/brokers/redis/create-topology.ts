import { ConfigError } from '../../config/config.js'
import { QuietSentinelConnector } from '../../node-internals/sentinel-errors.js'
import type { Logger } from '../../telemetry/logger.js'
import type { HistoryRules } from '../history-rules.js'
import { ClassicCluster } from './cluster/classic.js'
import { ShardedCluster } from './cluster/sharded.js'
import type { Node } from './connection/address.js'
import type { Target } from './connection/connection.js'
import { type RedisClient, targetOf } from './connection/from-ioredis.js'
import type { RedisStatistics } from './connection/statistics.js'
import { nodeTarget, targetOfUrl, type UrlSettings } from './connection/target.js'
import { StandaloneTopology } from './standalone.js'
import type { Topology, TopologyEvents } from './topology.js'

/** Where Redis is: a URL, or a client that an app has. */
export interface RedisSettings extends Partial<UrlSettings> {
  readonly client?: RedisClient | Target
  /** How long Redis may leave a command without an answer, in milliseconds, before the connection counts as dead. */
  readonly timeout: number
  /** In a Cluster: sharded Pub/Sub. */
  readonly sharded?: boolean
  /** Which channels have a history; none by default. */
  readonly history?: HistoryRules
  /** How long an idempotency key is remembered. */
  readonly idempotencySeconds?: number
}

/**
 * The deployment that the settings describe, not yet connected.
 * @throws ConfigError
 */
export function createTopology(
  settings: RedisSettings,
  gatewayId: string,
  log: Logger,
  statistics: RedisStatistics,
  events: TopologyEvents,
): Topology {
  const { timeout, sharded = false, client, url = '', history, idempotencySeconds } = settings
  const to = client ? targetOf(client) : targetOfUrl({ ...settings, url })
  const publishing = { sharded, ...(history && { history }), ...(idempotencySeconds && { idempotencySeconds }) }
  const common = { timeout, gatewayId, log, statistics, publishing }
  if (sharded && to.kind !== 'cluster') throw new ConfigError('REDIS_SHARDED needs a redis+cluster:// REDIS_URL')
  if (to.kind === 'standalone') {
    const target = to.target.sentinels ? { ...to.target, Connector: QuietSentinelConnector } : to.target
    return new StandaloneTopology({ ...common, target, publishing: { ...publishing, fenced: to.fenced } }, events)
  }
  const { seeds, target, tls } = to
  const targetAt = (node: Node) => nodeTarget(target, node, tls)
  const cluster = { ...common, seeds, targetAt, tls }
  return sharded ? new ShardedCluster(cluster, events) : new ClassicCluster(cluster, events)
}
