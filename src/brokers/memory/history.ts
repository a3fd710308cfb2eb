import { randomBytes } from 'node:crypto'
import { Message, type Publication } from '../../messages/message.js'
import { isOfEpoch, type Mark, markOf, type Position } from '../../messages/position.js'
import type {
  Continuity,
  History,
  HistoryEntry,
  HistoryInfo,
  HistoryPage,
  HistoryQuery,
  HistoryRule,
} from '../history.js'
import { FLEETING_MS, MEMORY_MS } from '../history.js'
import type { HistoryRules } from '../history-rules.js'
import { Log } from './log.js'

interface ChannelHistory {
  readonly epoch: string
  readonly rule: HistoryRule
  readonly log: Log
  /** Of the newest entry, which may be gone already. */
  tag: number
  time: number
  /** When somebody last asked for the position of a history without messages. */
  askedAt: number
}

/** The histories of the embedded broker. They end with the process. */
export class MemoryHistory implements History {
  readonly #rules: HistoryRules
  readonly #now: () => number
  readonly #channels = new Map<string, ChannelHistory>()
  #sweeper: NodeJS.Timeout | undefined

  constructor(rules: HistoryRules, now: () => number) {
    this.#rules = rules
    this.#now = now
  }

  /** Channels of which something is remembered. */
  get size(): number {
    return this.#channels.size
  }

  ruleOf(channel: string): HistoryRule | undefined {
    return this.#rules.ruleOf(channel)
  }

  /** Keeps the message and says where it stands. */
  append({ channel, data, event }: Publication, rule: HistoryRule): Position {
    const history = this.#channels.get(channel) ?? this.#create(channel, rule)
    const { log, epoch } = history
    const time = Math.max(this.#now(), history.time) // clocks are set back, and the search by time goes by order
    const tag = randomTag()
    log.append({ data: compact(data), event, time, tag, previousTag: history.tag })
    history.tag = tag
    history.time = time
    log.dropBefore(Math.max(log.last - rule.length + 1, this.#oldest(history)))
    return { epoch, offset: log.last, tag }
  }

  read(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    const history = this.#ask(channel)
    if (!history) return Promise.resolve({ entries: [], newest: undefined, continuity: 'whole', more: false })
    const { log, epoch } = history
    const { from, continuity } = this.#place(history, query)
    const entries: HistoryEntry[] = []
    let bytes = 0
    for (let offset = from; offset <= log.last && entries.length < query.limit; offset++) {
      const entry = log.at(offset)
      if (!entry) break
      bytes += entry.data.length
      if (entries.length > 0 && bytes > query.maxBytes) break
      const { data, event, tag, time } = entry
      entries.push({ message: new Message({ channel, data, event, position: { epoch, offset, tag } }), time })
    }
    const more = from + entries.length <= log.last
    return Promise.resolve({ entries, newest: newestOf(history), continuity, more })
  }

  newest(channels: readonly string[]): Promise<(Position | undefined)[]> {
    return Promise.resolve(
      channels.map(channel => {
        const history = this.#ask(channel)
        return history && newestOf(history)
      }),
    )
  }

  info(channel: string): Promise<HistoryInfo | undefined> {
    const history = this.#channels.get(channel)
    if (!history || history.log.last === 0) return Promise.resolve(undefined)
    const { log, epoch } = history
    const offset = this.#oldest(history)
    log.dropBefore(offset)
    const oldest = log.at(offset)
    return Promise.resolve({
      newest: newestOf(history),
      newestTime: history.time,
      oldest: oldest && { position: { epoch, offset, tag: oldest.tag }, time: oldest.time },
      length: log.length,
      bytes: log.bytes,
    })
  }

  delete(channel: string): Promise<void> {
    this.#channels.delete(channel)
    return Promise.resolve()
  }

  /** Lets go of what is too old, also on channels that have fallen silent. */
  sweep(): void {
    for (const [channel, history] of this.#channels) {
      history.log.dropBefore(this.#oldest(history))
      const { time, rule, log, askedAt } = history
      const end = log.last === 0 ? askedAt + FLEETING_MS : Math.max(askedAt, time + rule.ageSeconds * 1000) + MEMORY_MS
      if (end < this.#now()) this.#channels.delete(channel)
    }
  }

  close(): void {
    clearInterval(this.#sweeper)
    this.#channels.clear()
  }

  /** Begins the history where there is none: a position before the first message can be told from one of another history. */
  #ask(channel: string): ChannelHistory | undefined {
    const rule = this.ruleOf(channel)
    const history = this.#channels.get(channel) ?? (rule && this.#create(channel, rule))
    if (history) history.askedAt = this.#now()
    return history
  }

  #create(channel: string, rule: HistoryRule): ChannelHistory {
    this.#sweeper ??= setInterval(() => this.sweep(), SWEEP_MS).unref()
    const history = {
      epoch: randomBytes(8).toString('hex'),
      rule,
      log: new Log(),
      tag: randomTag(),
      time: 0,
      askedAt: this.#now(),
    }
    this.#channels.set(channel, history)
    return history
  }

  /** Offset of the oldest entry that is not too old. */
  #oldest({ log, rule }: ChannelHistory): number {
    return log.firstSince(this.#now() - rule.ageSeconds * 1000)
  }

  /** Where the page begins, and how that relates to what was asked for. */
  #place(
    history: ChannelHistory,
    { after, within, last, ...query }: HistoryQuery,
  ): { from: number; continuity: Continuity } {
    const { log } = history
    const since = within === undefined ? query.since : this.#now() - within
    const oldest = this.#oldest(history)
    let from = oldest
    let continuity: Continuity = 'whole'
    if (after) {
      continuity = continuityOf(history, after, oldest)
      if (isOfEpoch(after, history)) from = Math.max(oldest, after.offset + 1)
    } else if (since !== undefined && oldest > 1 && log.firstSince(since) <= oldest) {
      continuity = 'trimmed'
    }
    if (since !== undefined) from = Math.max(from, log.firstSince(since))
    if (last !== undefined) from = Math.max(from, log.last - last + 1)
    return { from, continuity }
  }
}

const randomTag = (): number => randomBytes(3).readUIntBE(0, 3)

const newestOf = ({ epoch, log, tag }: ChannelHistory): Position => ({ epoch, offset: log.last, tag })

function continuityOf(history: ChannelHistory, after: Mark, oldest: number): Continuity {
  const { epoch, log } = history
  if (!isOfEpoch(after, history) || after.offset > log.last) return 'reset'
  const tag = tagAt(history, after.offset)
  if (tag !== undefined && markOf({ epoch, offset: after.offset, tag }).check !== after.check) return 'reset'
  return after.offset + 1 < oldest ? 'trimmed' : 'whole'
}

/** Undefined for what is too long gone to be known. */
function tagAt({ log, tag }: ChannelHistory, offset: number): number | undefined {
  return offset === log.last ? tag : (log.at(offset)?.tag ?? log.at(offset + 1)?.previousTag)
}

/** Bytes that hold on to a much larger piece of memory, as a frame does to what came with it, are copied. */
function compact(data: Buffer): Buffer {
  if (data.buffer.byteLength <= 2 * data.length) return data
  const copy = Buffer.allocUnsafeSlow(data.length)
  data.copy(copy)
  return copy
}

const SWEEP_MS = 10_000
