import { Cluster } from 'ioredis'
import t from 'tap'
import { targetOf } from '../../src/brokers/redis/connection/from-ioredis.js'
import { ConfigError } from '../../src/config/config.js'
import { clusterSeeds, seedsOf } from '../../src/node-internals/cluster-seeds.js'
import { RedisCluster } from '../support/cluster.js'
import { onBothWays } from '../support/fast-paths.js'

const servers = await RedisCluster.start(t)
const ports = servers.nodes.map(({ port }) => port)

onBothWays(t, clusterSeeds, 'names nodes of a client that is connected', async (t, isFast) => {
  const [port = 0] = ports
  const client = new Cluster([port])
  t.teardown(() => client.disconnect())
  await client.ping()
  if (isFast) t.same(seedsOf(client), [port], 'as it was given them')
  else t.ok(seedsOf(client).length >= 3, 'as it has found them')
  const { seeds } = targetOf(client) as { seeds: readonly { host: string; port: number }[] } // it leads to a Cluster
  t.same(
    seeds.filter(({ host, port }) => host !== '127.0.0.1' || !ports.includes(port)),
    [],
  )
})

onBothWays(t, clusterSeeds, 'a client that has not connected yet', async (t, isFast) => {
  const client = new Cluster(['redis://redis.example:7001'], { lazyConnect: true })
  t.teardown(() => client.disconnect())
  if (isFast) t.match(targetOf(client), { seeds: [{ host: 'redis.example', port: 7001 }] })
  else t.throws(() => targetOf(client), ConfigError, 'knows no node')
})
