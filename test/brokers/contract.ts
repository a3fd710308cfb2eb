import type { Test } from 'tap'
import { type Broker, SubscribeRefused } from '../../src/brokers/broker.js'
import type { HistoryRules } from '../../src/brokers/history-rules.js'
import { patternTopic } from '../../src/messages/topic.js'
import { startBroker } from '../support/recorder.js'
import { closing } from './contract/closing.js'
import { deliveredHistory } from './contract/delivered-history.js'
import { delivery } from './contract/delivery.js'
import { ephemeralStore } from './contract/ephemeral-store.js'
import { idempotency } from './contract/idempotency.js'
import { introspection } from './contract/introspection.js'
import { keptHistory } from './contract/kept-history.js'
import { subscribing } from './contract/subscribing.js'

/** Makes a broker that is not started yet, without history unless rules are given. Each test makes its own, and closes it. */
export type MakeBroker = (options?: { readonly history?: HistoryRules; readonly idempotencySeconds?: number }) => Broker

export interface ContractOptions {
  /** The broker has patterns; by default it does. One that has none runs what is left without them. */
  readonly patterns?: boolean
  /** Receivers are those at the node that took the message, which for a message that is kept is another one each time. */
  readonly localCounts?: boolean
}

/** Proves what `src/brokers/broker.ts` promises. Every broker runs it. */
export function brokerContract(
  t: Test,
  makeBroker: MakeBroker,
  { patterns = true, localCounts = false }: ContractOptions = {},
): void {
  t.test('says whether there are patterns, and refuses them if not', async t => {
    const { broker } = await startBroker(t, makeBroker())
    t.equal(broker.hasPatterns, patterns)
    if (!patterns) await t.rejects(broker.subscribe(patternTopic('n*')), SubscribeRefused)
  })
  const needPatterns = patterns ? {} : { skip: 'there are no patterns' }
  delivery(t, makeBroker, needPatterns)
  subscribing(t, makeBroker, needPatterns)
  introspection(t, makeBroker)
  ephemeralStore(t, makeBroker)
  closing(t, makeBroker)
  keptHistory(t, makeBroker)
  deliveredHistory(t, makeBroker, { needPatterns, localCounts })
  idempotency(t, makeBroker)
}
