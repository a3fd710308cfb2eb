import { defaultConfig } from '../../src/config/config.js'
import type { Hub } from '../../src/fanout/hub.js'
import { startPositionsOf } from '../../src/history/start-position.js'
import { channelTopic, patternTopic, type Topic } from '../../src/messages/topic.js'
import { Stream } from '../../src/streams/stream.js'
import { FakeSink } from './fake-sink.js'
import { CURSOR_FORMATS, FORMATS } from './formats.js'

export const CHANNELS = ['a', 'b']
const KINDS = {
  'one channel, SSE': { topics: [channelTopic('a')], format: FORMATS.sse },
  'one channel, NDJSON': { topics: [channelTopic('a')], format: FORMATS.ndjson },
  'two channels, SSE': { topics: [channelTopic('a'), channelTopic('b')], format: CURSOR_FORMATS.sseEnvelope },
  'two channels, NDJSON': { topics: [channelTopic('a'), channelTopic('b')], format: CURSOR_FORMATS.ndjson },
  'a channel and a pattern over it': { topics: [channelTopic('a'), patternTopic('*')], format: CURSOR_FORMATS.ndjson },
} as const
export type Kind = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as Kind[]

/** `gap`, `native 7`, or the text of a message with a position. */
export type Seen = string

/** A client that comes and goes, with what its cursor says, and what it got of each channel in all its streams. */
export class ResumingClient {
  readonly kind: Kind
  readonly seen = new Map<string, Seen[]>()
  cursor: string | undefined
  #stream: Stream | undefined
  #sink = new SlowSink()
  /** How far its bytes have been read. */
  #read = 0

  constructor(kind: Kind) {
    this.kind = kind
    for (const channel of CHANNELS) this.seen.set(channel, [])
  }

  get connected(): boolean {
    return this.#stream !== undefined
  }

  get followed(): string[] {
    return KINDS[this.kind].topics.filter(({ kind }) => kind === 'channel').map(({ name }) => name)
  }

  connect(hub: Hub): void {
    if (this.#stream) return
    const { topics, format } = KINDS[this.kind]
    this.#sink = new SlowSink()
    this.#read = 0
    const stream = new Stream(hub, defaultConfig, { sink: this.#sink, format, multiplexed: topics.length > 1 })
    this.#stream = stream
    // Without a cursor it begins with now: what it got before has nothing to do with it.
    if (this.cursor === undefined) for (const channel of CHANNELS) this.seen.get(channel)?.push('begin')
    const places = startPositionsOf({ cursor: this.cursor }, topics as readonly Topic[], topic => hub.hasHistory(topic))
    stream.subscribe(topics, places).catch(() => {})
    stream.open()
  }

  /** It has read what was written by now. */
  disconnect(): void {
    this.read()
    this.#stream?.close('client_gone')
    this.#stream = undefined
  }

  slow(): void {
    this.#sink.isSlow = true
  }

  read(): void {
    this.#sink.drain()
    const text = this.#sink.text.slice(this.#read)
    this.#read += text.length
    if (KINDS[this.kind].format === FORMATS.ndjson || KINDS[this.kind].format === CURSOR_FORMATS.ndjson)
      this.#readLines(text)
    else this.#readEvents(text)
  }

  #readLines(text: string): void {
    for (const line of text.split('\n').filter(Boolean)) {
      const { cursor, id, ...envelope } = JSON.parse(line) as Record<string, string> // as the contract says
      this.cursor = (KINDS[this.kind].format === FORMATS.ndjson ? id : cursor) ?? this.cursor
      this.#take(envelope)
    }
  }

  #readEvents(text: string): void {
    for (const block of text.split('\n\n').filter(Boolean)) {
      const fields = Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s, 2) as [string, string]))
      if (fields.id !== undefined) this.cursor = fields.id
      if (fields.data === undefined) continue
      if (fields.event === 'gap') this.#take({ ...(JSON.parse(fields.data) as object), event: 'gap' })
      else if (KINDS[this.kind].format === FORMATS.sse) this.#take({ channel: 'a', data: fields.data })
      else this.#take(JSON.parse(fields.data) as Record<string, string>)
    }
  }

  #take({ channel = '', event, data = '' }: { channel?: string; event?: string; data?: string }): void {
    this.seen.get(channel)?.push(event === 'gap' ? 'gap' : data)
  }
}

/** Its peer reads when the test says so. */
class SlowSink extends FakeSink {
  isSlow = false
  #waiting: (() => void)[] = []

  override drained(): Promise<void> {
    return this.isSlow ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve()
  }

  drain(): void {
    this.isSlow = false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
