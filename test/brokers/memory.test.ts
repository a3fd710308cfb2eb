import t from 'tap'
import { MemoryBroker } from '../../src/brokers/memory.js'
import { brokerContract } from '../broker-contract.js'

brokerContract(t, options => new MemoryBroker(options))
