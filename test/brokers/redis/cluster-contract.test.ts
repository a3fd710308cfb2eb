import t from 'tap'
import { RedisBroker } from '../../../src/brokers/redis/index.js'
import { silentLogger } from '../../../src/logger.js'
import { brokerContract } from '../../broker-contract.js'
import { RedisCluster } from '../../support/cluster.js'

const cluster = await RedisCluster.start(t)
const settings = { url: cluster.url(), timeout: 2000 }

// A node counts the receivers that are connected to itself: the first seed is where both connections go.
t.test('classic Pub/Sub', async t =>
  brokerContract(t, options => new RedisBroker({ ...settings, ...options }, silentLogger), { localCounts: true }),
)

t.test('sharded Pub/Sub', async t =>
  brokerContract(t, options => new RedisBroker({ ...settings, ...options, sharded: true }, silentLogger), {
    patterns: false,
  }),
)
