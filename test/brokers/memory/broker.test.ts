import t from 'tap'
import { MemoryBroker } from '../../../src/brokers/memory/broker.js'
import { brokerContract } from '../contract.js'

brokerContract(t, options => new MemoryBroker(options))
