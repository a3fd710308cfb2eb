import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, EXIT } from './command.js'
import { linesOf } from './lines.js'
import { isRecord, parseJson, problemOf, type Remote } from './remote.js'
import { oneLine } from './terminal.js'

export interface Envelope {
  readonly channel?: string
  readonly pattern?: string
  readonly id?: string
  readonly cursor?: string
  readonly event?: string
  readonly data: string
  readonly encoding?: 'base64'
}

const isEnvelope = (value: unknown): value is Envelope =>
  isRecord(value) &&
  typeof value.data === 'string' &&
  TEXTS.every(name => value[name] === undefined || typeof value[name] === 'string') &&
  (value.encoding === undefined || value.encoding === 'base64')

const TEXTS = ['channel', 'pattern', 'id', 'cursor', 'event'] as const

/** `line` is the JSON text as it came. A gap of our own has the same form as one of the gateway. */
export interface Item {
  readonly kind: 'message' | 'gap' | 'error'
  readonly line: string
  readonly envelope: Envelope
}

export interface FollowOptions {
  names: readonly string[]
  start: { last?: string | undefined; since?: string | undefined; after?: string | undefined }
  /** Do not give up when the very first connection fails. */
  wait: boolean
  signal: AbortSignal
  /** It is open for the first time: what is published from now on is heard, or told as a gap. */
  onOpen(): void
  /** For the person at the terminal, not for the output. */
  say(text: string): void
}

/**
 * A stream of envelopes that outlives its connections: `GET /events` as NDJSON, opened again whenever it ends, behind the
 * last cursor that came. Without one, it is unknown what was missed meanwhile, and a gap reports it.
 */
export class FollowedStream {
  readonly #remote: Remote
  readonly #options: FollowOptions
  #cursor: string | undefined
  /** When the stream was last alive, in milliseconds since 1970; undefined until it was open once. */
  #aliveAt: number | undefined
  #failures = 0
  readonly #heartbeats = new HeartbeatTimer()

  constructor(remote: Remote, options: FollowOptions) {
    this.#remote = remote
    this.#options = options
    this.#cursor = options.start.after
  }

  /** Ends when the signal aborts. @throws CommandError when the gateway refuses, or was never there */
  async *items(): AsyncGenerator<Item> {
    const { signal, say, wait } = this.#options
    while (!signal.aborted) {
      try {
        yield* this.#connection()
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof CommandError && error.exitCode === EXIT.refused) throw error
        const isFirst = this.#aliveAt === undefined
        if (isFirst && !wait) throw error
        if (this.#failures === 0) say(`${oneLine((error as Error).message.split('\n')[0] ?? '')} Trying again.`)
        this.#failures++
      }
      await pause(this.#delay(), undefined, { signal }).catch(() => {}) // aborted: the loop ends
    }
  }

  async *#connection(): AsyncGenerator<Item> {
    const { signal, say, onOpen } = this.#options
    const watchdog = new AbortController()
    const both = AbortSignal.any([signal, watchdog.signal])
    const response = await this.#remote.fetch(this.#path(), {
      headers: { accept: 'application/x-ndjson' },
      signal: both,
    })
    if (!response.ok) throw await problemOf(response)
    if (!response.body || !response.headers.get('content-type')?.includes('ndjson'))
      throw new CommandError(EXIT.refused, `${this.#remote.url} did not answer with a stream. Check the URL.`)
    if (this.#failures > 0) say('Connected again.')
    this.#failures = 0
    const lostAt = this.#aliveAt
    this.#aliveAt = Date.now()
    if (lostAt === undefined) onOpen()
    if (lostAt !== undefined && this.#cursor === undefined) yield this.#ownGap(lostAt)

    this.#heartbeats.restart()
    const timer = setInterval(() => {
      if (this.#heartbeats.isOverdue()) watchdog.abort()
    }, 1000).unref()
    try {
      for await (const line of linesOf(response.body, { maxBytes: MAX_LINE_BYTES, unfinished: false })) {
        this.#aliveAt = Date.now()
        if (line.length === 0) {
          this.#heartbeats.beat()
          continue
        }
        const item = this.#read(line.toString())
        if (item) yield item
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof CommandError) throw error
      if (error instanceof RangeError)
        throw new CommandError(
          EXIT.refused,
          `${this.#remote.url} sent a line of more than ${MAX_LINE_BYTES / MIB} MiB. Check the URL.`,
        )
      const why = watchdog.signal.aborted ? 'is silent' : 'was lost'
      throw new CommandError(EXIT.unavailable, `The connection to ${this.#remote.url} ${why}.`, { cause: error })
    } finally {
      clearInterval(timer)
      watchdog.abort() // ending the loop closes the connection
    }
  }

  #path(): string {
    const query = new URLSearchParams()
    for (const name of this.#options.names) query.append(/[*?[]/.test(name) ? 'pattern' : 'channel', name)
    query.set('position', 'true')
    const { last, since } = this.#options.start
    if (this.#cursor !== undefined) query.set('after', this.#cursor)
    else if (this.#aliveAt === undefined) {
      if (last !== undefined) query.set('last', last)
      if (since !== undefined) query.set('since', since)
    }
    return `/events?${query}`
  }

  #read(line: string): Item | undefined {
    const envelope = parseJson(line)
    if (!isEnvelope(envelope))
      throw new CommandError(EXIT.refused, `${this.#remote.url} sent a line that is not a message. Check the URL.`)
    this.#cursor = envelope.cursor ?? envelope.id ?? this.#cursor
    const { event } = envelope
    if (event === 'open') return undefined // it tells the cursor
    return { kind: event === 'gap' || event === 'error' ? event : 'message', line, envelope }
  }

  #ownGap(since: number): Item {
    const data = { from: new Date(since).toISOString(), to: new Date().toISOString(), reason: 'disconnected' }
    const envelope: Envelope = { event: 'gap', data: JSON.stringify(data) }
    return { kind: 'gap', line: JSON.stringify(envelope), envelope }
  }

  /** Soon after an orderly end, later and later after failures, and never in step with others. */
  #delay(): number {
    return (0.5 + Math.random()) * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures)
  }
}

const MIB = 1024 * 1024
/** Far more than a gateway buffers for a client by default, and too little to exhaust the memory. */
const MAX_LINE_BYTES = 64 * MIB

const FIRST_DELAY_MS = 300
const MAX_DELAY_MS = 10_000

/** The heartbeat interval is a setting of the gateway. It is learned from two heartbeats. */
class HeartbeatTimer {
  #last: number | undefined
  #interval = Number.POSITIVE_INFINITY

  restart(): void {
    this.#last = undefined
  }

  beat(): void {
    const now = performance.now()
    if (this.#last !== undefined) this.#interval = now - this.#last
    this.#last = now
  }

  isOverdue(): boolean {
    if (this.#last === undefined) return false
    return performance.now() - this.#last > this.#interval * MISSED_BEATS + GRACE_MS
  }
}

const MISSED_BEATS = 2.5
const GRACE_MS = 5000
