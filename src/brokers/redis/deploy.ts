import type { Logger } from '../../logger.js'
import { parseRedisUrl, type RedisAddress } from './address.js'
import { type Target, type TlsFiles, tlsOptions } from './connection.js'
import type { Deployment, DeploymentEvents } from './deployment.js'
import { PlainDeployment } from './plain.js'

export interface RedisSettings {
  /** As `parseRedisUrl` takes it. */
  readonly url: string
  /** How long Redis may leave a command without an answer, in milliseconds, before the connection counts as dead. */
  readonly timeout: number
  readonly tls?: TlsFiles
  readonly sentinel?: { readonly username?: string | undefined; readonly password?: string | undefined }
  /** In a Cluster: sharded Pub/Sub. */
  readonly sharded?: boolean
}

/**
 * The deployment that the settings speak of, not yet connected.
 * @throws ConfigError
 */
export function deploy(settings: RedisSettings, gatewayId: string, log: Logger, events: DeploymentEvents): Deployment {
  const address = parseRedisUrl(settings.url)
  const common = { timeout: settings.timeout, gatewayId, log }
  return new PlainDeployment({ ...common, target: targetOf(address, settings) }, events)
}

function targetOf(address: RedisAddress, { tls: files = {}, sentinel = {} }: RedisSettings): Target {
  const { username, password } = address
  const access: Target = {
    ...(username && { username }),
    ...(password && { password }),
  }
  const tls = address.tls ? tlsOptions(files) : undefined
  if (address.kind === 'sentinel') {
    return {
      ...access,
      sentinels: [...address.sentinels],
      name: address.master,
      db: address.db,
      ...(sentinel.username && { sentinelUsername: sentinel.username }),
      ...(sentinel.password && { sentinelPassword: sentinel.password }),
      ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    }
  }
  if (address.kind === 'standalone') {
    // Node takes the server's name for SNI from here, and an address is none.
    const host = 'host' in address.at ? address.at.host : undefined
    return { ...access, ...address.at, db: address.db, ...(tls && { tls: { ...(host && { host }), ...tls } }) }
  }
  return access
}
