import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Broker, BrokerListener } from '../../src/brokers/broker.js'
import { SLOTS, slotOf } from '../../src/brokers/redis/cluster/slots.js'
import type { Message } from '../../src/messages/message.js'
import type { Position } from '../../src/messages/position.js'
import { channelTopic, type Topic, topicKey } from '../../src/messages/topic.js'
import type { LossReason } from '../../src/protocol/gap.js'
import { Inbox } from './inbox.js'

/** One call of `BrokerListener.message`. */
export interface Received {
  readonly channel: string
  readonly data: Buffer
  readonly event: string | undefined
  readonly pattern: string | undefined
  readonly position?: Position | undefined
}

/** A listener that writes down what a broker tells it. */
export class Recorder implements BrokerListener {
  readonly messages = new Inbox<Received>()
  /** `live channel news`, `lost redis_connection_lost`, `refused pattern a*`, as they come. */
  readonly news = new Inbox<string>()
  /** What it says of the clients of a channel. */
  listeners = (_channel: string): number => 0

  message({ channel, data, event, position }: Message, pattern?: string): void {
    this.messages.put({ channel, data, event, pattern, position })
  }

  live(topic: Topic): void {
    this.news.put(`live ${topicKey(topic)}`)
  }

  lost(reason: LossReason): void {
    this.news.put(`lost ${reason}`)
  }

  refused(topic: Topic): void {
    this.news.put(`refused ${topicKey(topic)}`)
  }

  async countListeners(channels: readonly string[]): Promise<number[]> {
    return channels.map(channel => this.listeners(channel))
  }

  /** How often it heard of something. */
  heard(news: string): number {
    return this.news.all.filter(item => item === news).length
  }
}

/** Starts the broker and waits until it can serve; it closes with the test. */
export async function startBroker<B extends Broker>(t: Test, broker: B): Promise<{ broker: B; recorder: Recorder }> {
  const recorder = new Recorder()
  t.teardown(() => broker.close())
  broker.start(recorder)
  const deadline = Date.now() + 10_000
  while (broker.unavailable !== undefined) {
    if (Date.now() > deadline) throw new Error(`the broker cannot serve: ${broker.unavailable}`)
    await setImmediate()
  }
  return { broker, recorder }
}

/** The topics without the patterns, if the broker has none. */
export const supported = ({ hasPatterns }: Broker, topics: readonly Topic[]): Topic[] =>
  topics.filter(({ kind }) => kind === 'channel' || hasPatterns)

let marks = 0

/**
 * All that was published before is with the listener, and all that was unsubscribed before is gone: a message
 * on a fresh channel has made the same way. Resolves with the messages so far, without its own.
 */
export async function settle(broker: Broker, recorder: Recorder): Promise<Received[]> {
  const alone = broker.hasPatterns ? [`mark-${++marks}`] : marksOfAllMasters('mark-')
  // In a Cluster what is kept takes the way of its slot, and all else perhaps another.
  for (const mark of [...alone, ...(broker.history ? marksOfAllMasters('kept-mark-') : [])]) {
    await broker.subscribe(channelTopic(mark))
    await broker.publish([{ channel: mark, data: Buffer.alloc(0) }])
    await recorder.messages.find(({ channel }) => channel === mark)
    broker.unsubscribe(channelTopic(mark))
  }
  return recorder.messages.all.filter(({ channel }) => !/^(?:kept-)?mark-/.test(channel))
}

/** In sharded Pub/Sub each of the three masters has its own way: one mark for each third of the slots. */
function marksOfAllMasters(prefix: string): string[] {
  const found = new Map<number, string>()
  while (found.size < 3) {
    const mark = `${prefix}${++marks}`
    found.set(Math.floor((slotOf(mark) * 3) / SLOTS), mark)
  }
  return [...found.values()]
}
