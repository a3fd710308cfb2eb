import { type Broker, type BrokerListener, BrokerUnavailable } from '../../src/brokers/broker.js'
import type { Continuity, History, HistoryPage, HistoryQuery } from '../../src/brokers/history.js'
import { globMatcher } from '../../src/messages/glob.js'
import { Message } from '../../src/messages/message.js'
import { type Mark, markOf, type Position } from '../../src/messages/position.js'
import { type Topic, topicKey } from '../../src/messages/topic.js'
import type { PublishResult } from '../../src/protocol/publish-result.js'

interface Entry {
  readonly position: Position
  readonly text: string
}

interface InFlight {
  readonly channel: string
  readonly text: string
  readonly position: Position | undefined
  /** What was subscribed when it was published. */
  readonly topics: readonly Topic[]
}

interface ChannelModel {
  epoch: string
  entries: Entry[]
  /** Where it stands: at the last message, or where it was set back to, with a tag of its own. */
  newest: Position
  /** The last message that was not rolled back. */
  last: Position | undefined
}

/**
 * A broker of which the test decides everything: when a message arrives and when a read is answered, what
 * is lost on the way, trimmed, wiped or rolled back. What happened in truth is written down.
 */
export class ModelBroker implements Broker {
  readonly hasPatterns = true
  readonly unavailable = undefined
  readonly history: History
  /** Every position that there ever was, by channel, in the order of publication. */
  readonly truth = new Map<string, Position[]>()
  readonly #channels = new Map<string, ChannelModel>()
  readonly #topics = new Map<string, Topic>()
  #inFlight: InFlight[] = []
  #questions: ((away: boolean) => void)[] = []
  #listener: BrokerListener | undefined
  #epochs = 0
  #tags = 0
  #natives = 0
  #isAway = false
  #pending: (() => void)[] = []
  /** Whether the next questions are decided when they are asked, or when they are answered. */
  isEager = false

  constructor() {
    this.history = {
      ruleOf: () => ({ length: 1000, ageSeconds: 3600 }),
      read: (channel, query) => this.#ask(() => this.#read(channel, query)),
      newest: channels => this.#ask(() => channels.map(channel => this.#of(channel).newest)),
      info: () => Promise.resolve(undefined),
      delete: () => Promise.resolve(),
    }
  }

  get isAway(): boolean {
    return this.#isAway
  }

  get isIdle(): boolean {
    return this.#inFlight.length === 0 && this.#questions.length === 0
  }

  start(listener: BrokerListener): void {
    this.#listener = listener
  }

  publish(): Promise<PublishResult[]> {
    return Promise.resolve([])
  }

  subscribe(topic: Topic): Promise<void> {
    this.#topics.set(topicKey(topic), topic)
    return this.#isAway ? new Promise(resolve => this.#pending.push(resolve)) : Promise.resolve()
  }

  unsubscribe(topic: Topic): void {
    this.#topics.delete(topicKey(topic))
  }

  channels = () => Promise.resolve([])
  subscriberCounts = () => Promise.resolve([])
  patternCount = () => Promise.resolve(0)
  listenerCounts = () => Promise.resolve({ counts: [], unanswered: 0 })
  close = () => Promise.resolve()

  /** Published through a gateway: kept, and on its way. */
  put(channel: string): void {
    const model = this.#of(channel)
    const { offset, tag: previousTag } = model.newest
    const position = { epoch: model.epoch, offset: offset + 1, tag: ++this.#tags, previousTag }
    const text = `${position.epoch} ${position.offset} ${position.tag}`
    model.entries.push({ position, text })
    model.newest = position
    model.last = position
    this.truth.set(channel, [...(this.truth.get(channel) ?? []), position])
    this.#inFlight.push({ channel, text, position, topics: [...this.#topics.values()] })
  }

  native(channel: string): void {
    const text = `native ${++this.#natives}`
    this.#inFlight.push({ channel, text, position: undefined, topics: [...this.#topics.values()] })
  }

  /** The next messages arrive. */
  arrive(count: number): void {
    if (this.#isAway) return
    for (const { channel, text, position, topics } of this.#inFlight.splice(0, count)) {
      const message = () => new Message({ channel, data: Buffer.from(text), position })
      for (const { kind, name } of topics)
        if (kind === 'channel' && name === channel) this.#listener?.message(message())
        else if (kind === 'pattern' && globMatcher(name)(channel)) this.#listener?.message(message(), name)
    }
  }

  /** The next messages never arrive, and nobody knows. */
  lose(count: number): void {
    this.#inFlight.splice(0, count)
  }

  answer(count = 1): void {
    for (const answer of this.#questions.splice(0, count)) answer(this.#isAway)
  }

  outage(): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#listener?.lost('redis_connection_lost')
  }

  back(): void {
    if (!this.#isAway) return
    this.#isAway = false
    this.#inFlight = []
    for (const resolve of this.#pending.splice(0)) resolve()
    for (const topic of [...this.#topics.values()]) this.#listener?.live(topic)
  }

  trim(channel: string, count: number): void {
    this.#of(channel).entries.splice(0, count)
  }

  wipe(channel: string): void {
    this.#channels.delete(channel)
  }

  /** A failover to a replica that lagged so far behind: what was on its way dies with the old master and its connections. */
  rollBack(channel: string, count: number): void {
    this.outage()
    this.#inFlight = []
    const model = this.#of(channel)
    model.entries.splice(Math.max(1, model.entries.length - count))
    const last = model.entries.at(-1)?.position
    if (last) model.last = last
    // The new master cannot know whether it lacks anything.
    model.newest = { epoch: model.epoch, offset: last?.offset ?? model.newest.offset, tag: ++this.#tags }
  }

  lastMessage(channel: string): Position | undefined {
    return this.#of(channel).last
  }

  #of(channel: string): ChannelModel {
    let model = this.#channels.get(channel)
    if (!model) {
      // The first two digits are what a mark knows of an epoch.
      const epoch = `${(++this.#epochs).toString(16).padStart(2, '0')}`.padEnd(16, '0')
      model = { epoch, entries: [], newest: { epoch, offset: 0, tag: ++this.#tags }, last: undefined }
      this.#channels.set(channel, model)
    }
    return model
  }

  #ask<Answer>(decide: () => Answer): Promise<Answer> {
    const decided = this.isEager && !this.#isAway ? { answer: decide() } : undefined
    return new Promise((resolve, reject) => {
      this.#questions.push(away => {
        if (away) reject(new BrokerUnavailable('away'))
        else resolve(decided ? decided.answer : decide())
      })
    })
  }

  #read(channel: string, { after, last, limit }: HistoryQuery): HistoryPage {
    const { entries, newest } = this.#of(channel)
    const { from, continuity } = this.#place(channel, after)
    let found = entries.filter(({ position }) => position.offset >= from)
    if (last !== undefined) found = last === 0 ? [] : found.slice(-last)
    // Small pages, so that there are many of them.
    const most = found.slice(0, Math.min(limit, 3))
    const follows = ({ position }: Entry, i: number) => i === 0 || position.previousTag === most[i - 1]?.position.tag
    const end = most.findIndex((entry, i) => !follows(entry, i))
    const page = end === -1 ? most : most.slice(0, end)
    const reached = page.at(-1)?.position.tag
    return {
      entries: page.map(({ position, text }) => ({
        message: new Message({ channel, data: Buffer.from(text), position }),
        time: 0,
      })),
      newest,
      continuity,
      more: page.length < found.length || (reached !== undefined && reached !== newest.tag),
    }
  }

  #place(channel: string, after: Mark | undefined): { from: number; continuity: Continuity } {
    const { epoch, entries, newest } = this.#of(channel)
    if (!after) return { from: 0, continuity: 'whole' }
    const isSameEpoch = Math.floor(after.check / 0x1000000) === Number.parseInt(epoch.slice(0, 2), 16)
    if (!isSameEpoch) return { from: 0, continuity: 'reset' }
    const next = entries.find(({ position }) => position.offset === after.offset + 1)?.position.previousTag
    const tag = after.offset === newest.offset ? newest.tag : next
    const known = tag === undefined || markOf({ epoch, offset: after.offset, tag }).check === after.check
    if (!known || after.offset > newest.offset) {
      const isNew = ({ position }: Entry, i: number) =>
        position.offset <= after.offset && i > 0 && position.previousTag !== entries[i - 1]?.position.tag
      const own = entries.find(({ position }) => position.offset === after.offset)?.position
      if (own && markOf(own).check === after.check) return { from: after.offset + 1, continuity: 'reset' }
      const from = entries.findLast(isNew)?.position.offset ?? after.offset + 1
      return { from, continuity: 'reset' }
    }
    const oldest = entries[0]?.position.offset ?? newest.offset + 1
    return { from: after.offset + 1, continuity: after.offset + 1 < oldest ? 'trimmed' : 'whole' }
  }
}
