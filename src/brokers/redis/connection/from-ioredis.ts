import { ConfigError } from '../../../config/config.js'
import { type ClusterClient, seedsOf } from '../../../node-internals/cluster-seeds.js'
import type { Node } from './address.js'
import type { Target } from './connection.js'
import type { TopologyTarget } from './target.js'

/** An ioredis client, of version 5 or 6, as an app has it already. Or a `Cluster` of it. */
export interface RedisClient {
  readonly isCluster: boolean
  readonly options: object
}

/**
 * Takes the address and the credentials of the client. The client itself is not used, and not closed. How a
 * connection behaves is the gateway's own business: a client that queues commands, or sends them again after a
 * reconnect, publishes twice what it was given once.
 *
 * @throws ConfigError for a client that leads to replicas, or to addresses that only it can translate
 */
export function targetOf(client: RedisClient | Target): TopologyTarget {
  if (!isClient(client)) return standaloneTarget(client)
  const { options } = client
  if (!client.isCluster) return standaloneTarget(options)
  const { redisOptions = {}, natMap } = options as { redisOptions?: Target; natMap?: object }
  if (natMap) throw new ConfigError('redis: a Cluster with a natMap is not supported')
  const { tls, ...target } = take(redisOptions)
  const seeds = seedsOf(client as RedisClient & ClusterClient).map(node => readNode(node, target)) // it is a Cluster
  if (seeds.length === 0) throw new ConfigError('redis: the Cluster client knows no node yet: connect it first')
  return { kind: 'cluster', seeds, target: tls ? { ...target, tls } : target, tls }
}

const isClient = (value: RedisClient | Target): value is RedisClient =>
  'isCluster' in value && typeof (value as RedisClient).options === 'object'

function standaloneTarget(options: object): TopologyTarget {
  const { role, natMap } = options as Target
  if (role === 'slave') throw new ConfigError('redis: the client leads to replicas, and the gateway needs the master')
  if (natMap) throw new ConfigError('redis: a client with a natMap is not supported')
  const target = take(options)
  const fenced = (target.sentinels ?? []).length > 0
  return { kind: 'standalone', target, fenced }
}

/** As the constructor of `Cluster` takes them: a port, a URL, or host and port. */
function readNode(node: unknown, { port = 6379 }: Target): Node {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node }
  if (typeof node === 'string') {
    const url = new URL(node.includes('://') ? node : `redis://${node}`)
    return { host: url.hostname, port: Number(url.port || port) }
  }
  const { host = '127.0.0.1', port: own = port } = node as Partial<Node>
  return { host, port: Number(own) }
}

const TAKEN = [
  'host',
  'port',
  'path',
  'family',
  'username',
  'password',
  'db',
  'tls',
  'keepAlive',
  'noDelay',
  'name',
  'sentinels',
  'sentinelUsername',
  'sentinelPassword',
  'sentinelTLS',
  'enableTLSForSentinelMode',
] as const satisfies readonly (keyof Target)[]

const take = (options: object): Target =>
  Object.fromEntries(
    TAKEN.flatMap(name => {
      const value: unknown = (options as Target)[name]
      return value === undefined || value === null ? [] : [[name, value]]
    }),
  )
