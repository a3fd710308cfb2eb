import t from 'tap'
import { RedisBroker } from '../../../src/brokers/redis/broker.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { startRedis } from '../../support/redis.js'
import { brokerContract } from '../contract.js'

const { url } = await startRedis(t)
brokerContract(t, options => new RedisBroker({ url, timeout: 3000, ...options }, silentLogger))
