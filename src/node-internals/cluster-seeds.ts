import { Cluster } from 'ioredis'
import { FastPath } from './fast-path.js'

/*
 * The nodes that an ioredis `Cluster` was given.
 *
 * Touches: `startupNodes`, which is private by its types, in ioredis 5 and 6.
 * Why: the gateway makes connections of its own to where the client of an app leads, perhaps before the client connects.
 * Breaks otherwise: only the nodes that the client has found can be read, by its documented `nodes()`. A client that has
 * not connected yet has found none.
 * Gains: nothing in speed.
 */
export const clusterSeeds = new FastPath('cluster-seeds', () => {
  const cluster = new Cluster([{ host: 'redis.example', port: 1 }], { lazyConnect: true })
  cluster.disconnect()
  return (cluster as unknown as SeededClient).startupNodes?.length === 1 // see above
})

export interface ClusterClient {
  nodes(): readonly { readonly options: object }[]
}

interface SeededClient {
  readonly startupNodes?: readonly unknown[]
}

/** As the constructor of `Cluster` takes them: a port, a URL, or host and port. */
export function seedsOf(client: ClusterClient): readonly unknown[] {
  const { startupNodes } = client as SeededClient // see above; it may be of another version
  if (clusterSeeds.isInUse && startupNodes) return startupNodes
  return client.nodes().map(({ options }) => options)
}
