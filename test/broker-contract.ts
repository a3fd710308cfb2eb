import type { Test } from 'tap'
import type { Broker } from '../src/broker.js'
import { closing } from './broker-contract/closing.js'
import { delivery } from './broker-contract/delivery.js'
import { introspection } from './broker-contract/introspection.js'
import { subscribing } from './broker-contract/subscribing.js'

/** Makes a broker that is not started yet. Each test makes its own, and closes it. */
export type MakeBroker = () => Broker

/** Proves what `src/broker.ts` promises. Every broker runs it. */
export function brokerContract(t: Test, makeBroker: MakeBroker): void {
  delivery(t, makeBroker)
  subscribing(t, makeBroker)
  introspection(t, makeBroker)
  closing(t, makeBroker)
}
