import type { ConnectionOptions } from 'node:tls'
import { type Node, parseRedisUrl } from './address.js'
import type { Target } from './connection.js'
import { type TlsFiles, tlsOptions } from './tls.js'

/** The servers to connect to: one server, the master that Sentinels name, or the seeds of a Cluster with its credentials. */
export type TopologyTarget =
  | { readonly kind: 'standalone'; readonly target: Target; readonly fenced: boolean }
  | {
      readonly kind: 'cluster'
      readonly seeds: readonly Node[]
      readonly target: Target
      readonly tls: ConnectionOptions | undefined
    }

export interface UrlSettings {
  /** As `parseRedisUrl` takes it. */
  readonly url: string
  readonly tls?: TlsFiles | undefined
  readonly sentinel?: { readonly username?: string | undefined; readonly password?: string | undefined } | undefined
}

/** @throws ConfigError */
export function targetOfUrl({ url, tls: files, sentinel = {} }: UrlSettings): TopologyTarget {
  const address = parseRedisUrl(url)
  const tls = address.tls ? tlsOptions(files ?? {}) : undefined
  const access: Target = {
    ...(address.username && { username: address.username }),
    ...(address.password && { password: address.password }),
  }
  switch (address.kind) {
    case 'standalone': {
      const { at, db } = address
      const target = 'path' in at ? { ...access, path: at.path } : nodeTarget(access, at, tls)
      return { kind: 'standalone', target: { ...target, db }, fenced: false }
    }
    case 'sentinel': {
      const { username, password } = sentinel
      const target: Target = {
        ...access,
        sentinels: [...address.sentinels],
        name: address.master,
        db: address.db,
        ...(username && { sentinelUsername: username }),
        ...(password && { sentinelPassword: password }),
        ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
      }
      // A master may be demoted at any moment: a publish must not be taken by what is a replica now.
      return { kind: 'standalone', target, fenced: true }
    }
    case 'cluster':
      return { kind: 'cluster', seeds: address.seeds, target: access, tls }
  }
}

/** Node takes the server's name for SNI from `tls`. */
export const nodeTarget = (access: Target, { host, port }: Node, tls: ConnectionOptions | undefined): Target => ({
  ...access,
  host,
  port,
  ...(tls && { tls: { host, ...tls } }),
})
