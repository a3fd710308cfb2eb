import type { Gateway } from './gateway.js'
import type { Ending, Session, TopicName } from './history.js'
import { idOf } from './observer.js'
import { type OpenStream, openHttp, type StreamHandler } from './open-stream.js'
import { openChannelWebSocket, openEnvelopeWebSocket, openSession, type TopicHandler } from './open-web-socket.js'
import type { Signal } from './signal.js'

/** `ws`: one channel over a WebSocket; `session`: the multiplexed WebSocket. */
export type Form = 'sse' | 'ndjson' | 'ws' | 'session'

export interface ListenerOptions {
  readonly name: string
  readonly form: Form
  readonly topics: readonly TopicName[]
  /** Where to open a stream: asked anew for each. */
  readonly gateway: () => Gateway
  /** Opens another stream when one has ended, as `EventSource` does. */
  readonly reconnect: boolean
  /** It goes on from where it stood. */
  readonly resumes: boolean
  /** It asks its stream to tell at the start where it stands. */
  readonly asksForPosition?: boolean
  readonly signal: Signal
}

/** One client. It writes down all that it is told. */
export class Listener {
  readonly name: string
  readonly form: Form
  readonly topics: readonly TopicName[]
  readonly sessions: Session[] = []
  /** Statuses of refused streams: on a stream, what passes is never an error. */
  readonly refusals: { at: number; status: number }[] = []
  /** `error` events. */
  readonly errors: string[] = []
  /** Times between the streams that the gateways asked for. */
  readonly retries: number[] = []
  readonly #options: ListenerOptions
  #stream: OpenStream | undefined
  #timer: NodeJS.Timeout | undefined
  #retryMs = 300
  #done = false
  /** Where it stands, over all channels or on each. */
  #cursor: string | undefined
  readonly #cursors = new Map<string, string>()

  constructor(options: ListenerOptions) {
    this.#options = options
    this.name = options.name
    this.form = options.form
    this.topics = options.topics
  }

  /** The stream that is open now. */
  get session(): Session | undefined {
    const last = this.sessions.at(-1)
    return last?.endedAt === undefined ? last : undefined
  }

  /** It is open, and every topic was acknowledged. */
  get live(): boolean {
    return this.session?.topics.filter(({ endedAt }) => endedAt === undefined).length === this.topics.length
  }

  /** It could go on from where it stands. */
  get isPlaced(): boolean {
    return this.#cursor !== undefined || this.#cursors.size === this.topics.length
  }

  open(): void {
    const gateway = this.#options.gateway()
    let session: Session | undefined
    const resumed = new Map(this.topics.map(topic => [topic.name, this.#cursorOf(topic) !== undefined]))
    const live = (topic: TopicName) => {
      const isResumed = resumed.get(topic.name) ?? false
      session?.topics.push({ ...topic, liveAt: Date.now(), ...(isResumed && { isResumed }) })
      this.#options.signal.raise()
    }
    const refused = ({ kind, name }: TopicName) => {
      const log = session?.topics.findLast(topic => topic.kind === kind && topic.name === name)
      if (log) log.endedAt ??= Date.now()
    }
    const handler: StreamHandler = {
      open: () => {
        session = newSession(this.name, gateway.name)
        this.sessions.push(session)
        if (this.form !== 'session') for (const topic of this.topics) live(topic)
        this.#options.signal.raise()
      },
      refused: status => this.refusals.push({ at: Date.now(), status }),
      message: (channel = this.topics[0]?.name ?? '', event, data) => {
        session?.deliveries.push({ id: idOf(data), channel, event, at: Date.now() })
        this.#options.signal.raise()
      },
      position: (cursor, channel) => {
        if (channel === undefined || this.topics.length === 1) this.#cursor = cursor
        else this.#cursors.set(channel, cursor)
      },
      control: (event, data) => {
        if (event === 'gap') this.#toldGap(session, data)
        else this.#failed(data)
        this.#options.signal.raise()
      },
      retry: milliseconds => {
        this.#retryMs = milliseconds
        this.retries.push(milliseconds)
      },
      end: (ending, code) => this.#ended(session, ending, code),
    }
    this.#stream = this.#connect(gateway.url, handler, { live, refused, cursorOf: topic => this.#cursorOf(topic) })
  }

  /** Leaves its stream, as a browser that loses its network, and comes back. */
  leave(): void {
    this.#stream?.close()
  }

  close(): void {
    this.#done = true
    clearTimeout(this.#timer)
    this.#stream?.close()
  }

  /** A topic is refused: on /ws it is asked for again, over HTTP that takes another stream. */
  #failed(data: string): void {
    this.errors.push(data)
    if (this.form === 'sse' || this.form === 'ndjson') this.#stream?.close()
  }

  #connect(url: string, handler: StreamHandler, topics: TopicHandler): OpenStream {
    const [first] = this.topics
    if (!first) throw new Error('a listener has a topic')
    switch (this.form) {
      case 'ws':
        return this.#options.resumes
          ? openEnvelopeWebSocket(url, first.name, handler, {
              cursor: this.#cursor,
              asksForPosition: this.#options.asksForPosition,
            })
          : openChannelWebSocket(url, first.name, handler)
      case 'session':
        return openSession(url, this.topics, handler, topics)
      default:
        return openHttp(url, this.form, this.topics, handler, {
          cursor: this.#options.resumes ? this.#cursor : undefined,
          asksForPosition: this.#options.asksForPosition,
        })
    }
  }

  #cursorOf({ name }: TopicName): string | undefined {
    if (!this.#options.resumes) return undefined
    return this.form === 'session' && this.topics.length > 1 ? this.#cursors.get(name) : this.#cursor
  }

  #toldGap(session: Session | undefined, data: string): void {
    const { channel, pattern, from, to = '', reason = '' } = JSON.parse(data) as Record<string, string> // as the contract says
    const kind = pattern === undefined ? 'channel' : 'pattern'
    const name = pattern ?? channel ?? ''
    const begin = from === undefined ? this.#lastHeard(name) : { from: Date.parse(from) }
    session?.gaps.push({ kind, name, ...begin, to: Date.parse(to), reason, at: Date.now() })
  }

  /** When it had the last message of a channel, on whatever stream. */
  #lastHeard(channel: string): { from: number; after?: string } {
    for (const { deliveries, openedAt } of [...this.sessions].reverse()) {
      const last = deliveries.findLast(delivery => delivery.channel === channel)
      if (last) return { from: last.at, after: last.id }
      if (this.sessions[0]?.openedAt === openedAt) return { from: openedAt }
    }
    return { from: 0 }
  }

  #ended(session: Session | undefined, ending: Ending, code: number | undefined): void {
    if (session) {
      session.endedAt = Date.now()
      session.ending = ending
      if (code !== undefined) session.code = code
    }
    this.#options.signal.raise()
    if (this.#done || !this.#options.reconnect) return
    this.#timer = setTimeout(() => this.open(), this.#retryMs)
  }
}

const newSession = (client: string, gateway: string): Session => ({
  client,
  gateway,
  topics: [],
  deliveries: [],
  gaps: [],
  openedAt: Date.now(),
  endedAt: undefined,
  ending: undefined,
})
