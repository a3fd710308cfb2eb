import t from 'tap'
import { RedisBroker } from '../../src/brokers/redis/index.js'
import { silentLogger } from '../../src/logger.js'
import { brokerContract } from '../broker-contract.js'
import { startRedis } from '../support/redis.js'

const { url } = await startRedis(t)
brokerContract(t, options => new RedisBroker({ url, timeout: 3000, ...options }, silentLogger))
