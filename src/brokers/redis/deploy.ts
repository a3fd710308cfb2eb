import { ConfigError } from '../../config.js'
import type { HistoryRules } from '../../history-rules.js'
import type { Logger } from '../../logger.js'
import { type Node, parseRedisUrl } from './address.js'
import { ClassicCluster } from './cluster/classic.js'
import { ShardedCluster } from './cluster/sharded.js'
import type { Target } from './connection.js'
import type { Deployment, DeploymentEvents } from './deployment.js'
import { PlainDeployment } from './plain.js'
import { QuietSentinelConnector } from './sentinel.js'
import type { RedisStatistics } from './statistics.js'
import { type TlsFiles, tlsOptions } from './tls.js'

export interface RedisSettings {
  /** As `parseRedisUrl` takes it. */
  readonly url: string
  /** How long Redis may leave a command without an answer, in milliseconds, before the connection counts as dead. */
  readonly timeout: number
  readonly tls?: TlsFiles
  readonly sentinel?: { readonly username?: string | undefined; readonly password?: string | undefined }
  /** In a Cluster: sharded Pub/Sub. */
  readonly sharded?: boolean
  /** Which channels have a history; none by default. */
  readonly history?: HistoryRules
  /** How long an idempotency key is remembered. */
  readonly idempotencySeconds?: number
}

/**
 * The deployment that the settings speak of, not yet connected.
 * @throws ConfigError
 */
export function deploy(
  settings: RedisSettings,
  gatewayId: string,
  log: Logger,
  statistics: RedisStatistics,
  events: DeploymentEvents,
): Deployment {
  const address = parseRedisUrl(settings.url)
  const tls = address.tls ? tlsOptions(settings.tls ?? {}) : undefined
  const { sharded = false, history, idempotencySeconds } = settings
  const publishing = { sharded, ...(history && { history }), ...(idempotencySeconds && { idempotencySeconds }) }
  const common = { timeout: settings.timeout, gatewayId, log, statistics, publishing }
  const access: Target = {
    ...(address.username && { username: address.username }),
    ...(address.password && { password: address.password }),
  }
  // Node takes the server's name for SNI from `tls`.
  const targetAt = (node: Node): Target => ({ ...access, ...node, ...(tls && { tls: { host: node.host, ...tls } }) })
  if (sharded && address.kind !== 'cluster') throw new ConfigError('REDIS_SHARDED needs a redis+cluster:// REDIS_URL')
  switch (address.kind) {
    case 'standalone': {
      const target = 'path' in address.at ? { ...access, path: address.at.path } : targetAt(address.at)
      return new PlainDeployment({ ...common, target: { ...target, db: address.db } }, events)
    }
    case 'sentinel': {
      const { username, password } = settings.sentinel ?? {}
      const target: Target = {
        ...access,
        Connector: QuietSentinelConnector,
        sentinels: [...address.sentinels],
        name: address.master,
        db: address.db,
        ...(username && { sentinelUsername: username }),
        ...(password && { sentinelPassword: password }),
        ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
      }
      // A master may be demoted at any moment: a publish must not be taken by what is a replica now.
      return new PlainDeployment({ ...common, target, publishing: { ...publishing, fenced: true } }, events)
    }
    case 'cluster': {
      const cluster = { ...common, seeds: address.seeds, targetAt, tls }
      return sharded ? new ShardedCluster(cluster, events) : new ClassicCluster(cluster, events)
    }
  }
}
