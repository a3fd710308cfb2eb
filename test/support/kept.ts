import type { Test } from 'tap'
import type { Broker } from '../../src/brokers/broker.js'
import type { History, HistoryPage, HistoryQuery } from '../../src/brokers/history.js'
import { HistoryRules } from '../../src/brokers/history-rules.js'
import type { Publication } from '../../src/messages/message.js'
import type { PublishResult } from '../../src/protocol/publish-result.js'
import type { MakeBroker } from '../brokers/contract.js'
import { type Recorder, startBroker } from './recorder.js'

let channels = 0

/** A channel that no other test uses, as the tests of one broker may share a Redis. */
export const freshChannel = (): string => `kept-${process.pid}-${++channels}`

export interface KeepingBroker {
  readonly broker: Broker
  readonly recorder: Recorder
  readonly history: History
  /** Publishes one message. */
  readonly publish: (channel: string, text: string, more?: Partial<Publication>) => Promise<PublishResult>
  readonly read: (channel: string, query?: Partial<HistoryQuery>) => Promise<HistoryPage>
}

/** A broker that keeps the last messages of every channel. */
export async function startKeeping(
  t: Test,
  makeBroker: MakeBroker,
  {
    length = 100,
    ageSeconds = 3600,
    idempotencySeconds = 3600,
  }: { length?: number; ageSeconds?: number; idempotencySeconds?: number } = {},
): Promise<KeepingBroker> {
  const history = new HistoryRules([
    { pattern: 'kept-*', rule: { length, ageSeconds } },
    { pattern: 'short-*', rule: { length: 3, ageSeconds } },
  ])
  const { broker, recorder } = await startBroker(t, makeBroker({ history, idempotencySeconds }))
  const kept = broker.history
  if (!kept) throw new Error('the broker keeps no history')
  return {
    broker,
    recorder,
    history: kept,
    publish: async (channel, text, more) => {
      const [result] = await broker.publish([{ channel, data: Buffer.from(text), ...more }])
      if (!result) throw new Error('a publication has a result')
      return result
    },
    read: (channel, query = {}) => kept.read(channel, { limit: 1000, maxBytes: 1e6, ...query }),
  }
}

/** The entries of a page as text, as `1:hello 2:world`, and how the page relates to the question. */
export function outline({ entries, continuity, more }: HistoryPage): string {
  const texts = entries.map(({ message: { position, data } }) => `${position?.offset}:${data}`)
  return [...texts, continuity, ...(more ? ['more'] : [])].join(' ')
}
