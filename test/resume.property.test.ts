import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { defaultConfig } from '../src/config.js'
import { CURSOR_FORMATS, FORMATS } from '../src/frames.js'
import { Hub } from '../src/hub.js'
import { PositionCheck } from '../src/position-check.js'
import { placesOf } from '../src/resume.js'
import { Stream } from '../src/stream.js'
import { channelTopic, patternTopic, type Topic } from '../src/topic.js'
import { FakeSink } from './support/fake-sink.js'
import { endOfTick } from './support/hub-client.js'
import { ModelBroker } from './support/model-broker.js'

const CHANNELS = ['a', 'b']
const KINDS = {
  'one channel, SSE': { topics: [channelTopic('a')], format: FORMATS.sse },
  'one channel, NDJSON': { topics: [channelTopic('a')], format: FORMATS.ndjson },
  'two channels, SSE': { topics: [channelTopic('a'), channelTopic('b')], format: CURSOR_FORMATS.sseEnvelope },
  'two channels, NDJSON': { topics: [channelTopic('a'), channelTopic('b')], format: CURSOR_FORMATS.ndjson },
  'a channel and a pattern over it': { topics: [channelTopic('a'), patternTopic('*')], format: CURSOR_FORMATS.ndjson },
} as const
type Kind = keyof typeof KINDS
const KIND_NAMES = Object.keys(KINDS) as Kind[]

/** `gap`, `native 7`, or the text of a message with a position. */
type Seen = string

/** A client that comes and goes, with what its cursor says, and what it got of each channel in all its streams. */
class Client {
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
    const places = placesOf({ cursor: this.cursor }, topics as readonly Topic[], topic => hub.hasHistory(topic))
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

const channel = fc.constantFrom(...CHANNELS)
const client = fc.nat({ max: KIND_NAMES.length - 1 })
const few = fc.integer({ min: 1, max: 4 })

type Step = readonly [string, ...(string | number | boolean)[]]
const step = <Arguments extends fc.Arbitrary<string | number | boolean>[]>(
  weight: number,
  name: string,
  ...args: Arguments
) => ({
  weight,
  arbitrary: fc.tuple(fc.constant(name), ...args) as fc.Arbitrary<Step>, // a tuple that begins with a string
})
const harmless = [
  step(5, 'publish', channel, few),
  step(1, 'native', channel),
  step(5, 'arrive', few),
  step(2, 'arrive', fc.constant(100)),
  step(5, 'answer', few, fc.boolean()),
  step(2, 'answer', fc.constant(100), fc.boolean()),
  step(3, 'connect', client),
  step(3, 'come back', client),
  step(1, 'disconnect', client),
  step(1, 'slow', client),
  step(2, 'read', client),
  step(1, 'lose', few),
  step(1, 'outage'),
  step(2, 'back'),
  step(1, 'check'),
]
const harmful = [step(1, 'trim', channel, few), step(1, 'wipe', channel), step(1, 'roll back', channel, few)]
const LENGTH = { minLength: 10, maxLength: 120, size: 'max' } as const

async function run(steps: readonly Step[]): Promise<{ broker: ModelBroker; clients: Client[] }> {
  const broker = new ModelBroker()
  const hub = new Hub(broker, { maxReplays: 2, retryMs: 0 })
  const check = new PositionCheck({ history: broker.history, followers: () => hub.followers() })
  broker.start(hub)
  const clients = KIND_NAMES.map(kind => new Client(kind))
  const act: Record<string, (...args: never[]) => void> = {
    publish: (channel: string, count: number) => {
      for (let i = 0; i < count; i++) broker.put(channel)
    },
    native: (channel: string) => broker.native(channel),
    arrive: (count: number) => broker.arrive(count),
    answer: (count: number, eager: boolean) => {
      broker.answer(count)
      broker.isEager = eager
    },
    connect: (client: number) => clients[client]?.connect(hub),
    disconnect: (client: number) => clients[client]?.disconnect(),
    'come back': (client: number) => {
      clients[client]?.disconnect()
      clients[client]?.connect(hub)
    },
    slow: (client: number) => clients[client]?.slow(),
    read: (client: number) => clients[client]?.read(),
    lose: (count: number) => broker.lose(count),
    outage: () => broker.outage(),
    back: () => broker.back(),
    trim: (channel: string, count: number) => broker.trim(channel, count),
    wipe: (channel: string) => broker.wipe(channel),
    'roll back': (channel: string, count: number) => broker.rollBack(channel, count),
    check: () => {
      check.check(0)
    },
  }
  for (const [name, ...args] of steps) {
    act[name]?.(...(args as never[])) // each takes what its step has
    await ticks(1)
  }
  // All comes to rest: what is on its way arrives, every question is answered, and who listens has read.
  broker.back()
  for (let round = 0; round < 2; round++) {
    let quiet = 0
    let checked = false
    for (let i = 0; quiet < 10 && i < 1000; i++) {
      if (i === 10)
        check.check(0).then(() => {
          checked = true
        })
      broker.arrive(100)
      broker.answer(100)
      for (const client of clients) client.read()
      await ticks(2)
      await pause(1) // what failed is tried again by a timer
      quiet = checked && broker.isIdle ? quiet + 1 : 0
    }
    if (quiet < 10) throw new Error('it does not come to rest')
  }
  return { broker, clients }
}

async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTick()
}

/** Whether something came twice with no gap between. */
function sameTwice(seen: readonly Seen[]): boolean {
  const since = new Set<Seen>()
  for (const item of seen) {
    if (item === 'gap') since.clear()
    else if (item !== 'begin' && since.has(item)) return true
    else since.add(item)
  }
  return false
}

/** What is wrong with what a client saw of a channel. */
function judge(broker: ModelBroker, client: Client, name: string): string | undefined {
  const seen = client.seen.get(name) ?? []
  const texts = seen.filter(item => item !== 'gap' && item !== 'begin')
  // What was on its way when its history was deleted or set back may come after the gap that says so, and be known.
  if (sameTwice(seen)) return `something came twice: ${seen.join(', ')}`
  const truth = (broker.truth.get(name) ?? []).map(({ epoch, offset, tag }) => ({
    text: `${epoch} ${offset} ${tag}`,
    epoch,
    offset,
  }))
  let known: { epoch: string; offset: number; at: number } | undefined
  let excused = true
  for (const item of seen) {
    if (item === 'gap' || item === 'begin') excused = true
    if (item === 'gap' || item === 'begin' || item.startsWith('native')) continue
    const at = truth.findIndex(({ text }) => text === item)
    const it = truth[at]
    if (!it) return `nobody published ${item}`
    if (!excused && known && at < known.at) return `${item} is out of order: ${seen.join(', ')}`
    const follows = known === undefined ? it.offset === 1 : it.epoch === known.epoch && it.offset === known.offset + 1
    if (!excused && !follows) return `a hole before ${item}: ${seen.join(', ')}`
    known = { ...it, at }
    excused = false
  }
  const newest = broker.newest(name)
  if (client.connected && newest && !excused) {
    const text = `${newest.epoch} ${newest.offset} ${newest.tag}`
    // It may be ahead of a history that was set back: it misses nothing.
    const isAhead = truth.findIndex(item => item.text === text) < (known?.at ?? 0)
    if (!isAhead && !texts.includes(text)) return `${text} is missing at the end: ${seen.join(', ')}`
  }
  return undefined
}

const runs = Number(process.env.PROPERTY_RUNS ?? 60)
/** The same cases each time; `PROPERTY_SEED` chooses others, and with `PROPERTY_PATH` repeats what a failure printed. */
const { PROPERTY_SEED: seed = '1', PROPERTY_PATH: path } = process.env
const again = { seed: Number(seed), ...(path && { path, endOnFailure: true }) }

t.test(
  'whatever happens, a client has the truth after its cursor, or a gap says that it has not',
  { timeout: 300_000 },
  async t => {
    const steps = fc.array(fc.oneof(...harmless, ...harmful), LENGTH)
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const { broker, clients } = await run(steps)
        for (const client of clients)
          for (const name of client.followed) {
            const wrong = judge(broker, client, name)
            if (wrong) throw new Error(`${client.kind}, ${name}: ${wrong}`)
          }
      }),
      { numRuns: runs, ...again },
    )
    t.pass(`${runs} runs`)
  },
)

t.test(
  'as long as the history keeps everything, no client that has a cursor sees a gap',
  { timeout: 300_000 },
  async t => {
    const steps = fc.array(fc.oneof(...harmless), LENGTH)
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const { broker, clients } = await run(steps)
        for (const client of clients)
          for (const name of client.followed) {
            const wrong = judge(broker, client, name)
            if (wrong) throw new Error(`${client.kind}, ${name}: ${wrong}`)
            const seen = client.seen.get(name) ?? []
            const first = seen.findIndex(item => /^\d/.test(item))
            if (first !== -1 && seen.indexOf('gap', first) !== -1)
              throw new Error(`${client.kind}, ${name}: a gap: ${seen.join(', ')}`)
          }
      }),
      { numRuns: runs, ...again },
    )
    t.pass(`${runs} runs`)
  },
)
