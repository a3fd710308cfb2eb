import t from 'tap'
import { RedisBroker } from '../../../src/brokers/redis/broker.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { RedisCluster } from '../../support/cluster.js'
import { brokerContract } from '../contract.js'

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
