import { type Gap, gapSince } from './gap.js'
import { CarillonProblem, good } from './problem.js'
import { backoff } from './publisher.js'
import { streamUrl } from './stream-url.js'
import { covers, necessary } from './topics.js'
import type { ConnectionOptions, Downstream, Past, Upstream } from './upstream.js'

/** The one `EventSource` for all topics. It is reopened where the browser does not reconnect by itself. */
export class Connection implements Upstream {
  readonly #options: ConnectionOptions
  readonly #down: Downstream
  #source: EventSource | undefined
  #wanted: readonly string[] = []
  /** Those that the stream was asked for. */
  #topics: readonly string[] = []
  /** Those of which something may have been missed since `#heardAt`. */
  #lost: ReadonlySet<string>
  #cursor: string
  #heardAt: number
  #open = false
  /** Why the stream is reopened. */
  #reason = 'disconnected'
  #failures = 0
  /** Counts the attempts, so that what an older one still waits for is of no effect. */
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ConnectionOptions, down: Downstream, past?: Past) {
    this.#options = options
    this.#down = down
    this.#lost = new Set(past?.topics)
    this.#cursor = past?.cursor ?? ''
    this.#heardAt = past?.heardAt ?? 0
    addEventListener('online', this.#hurry)
  }

  /** Unwanted topics stay on the stream until it is reopened, so that the others miss nothing. */
  want(topics: readonly string[]): void {
    this.#wanted = topics
    if (topics.length > 0 && topics.every(topic => this.#topics.some(other => covers(other, topic)))) {
      if (this.#open) this.#down.live(this.#topics)
    } else {
      this.#failures = 0
      if (this.#open) this.#reason = 'resubscribed'
      this.#connect()
    }
  }

  close(): void {
    removeEventListener('online', this.#hurry)
    this.#leave()
    this.#down.state('closed')
  }

  /** The state that a connection after this one needs. */
  get past(): Past {
    return { topics: this.#open ? this.#topics : [...this.#lost], cursor: this.#cursor, heardAt: this.#heardAt }
  }

  async #connect(): Promise<void> {
    this.#leave()
    if (this.#wanted.length === 0) {
      this.#rest()
      return
    }
    const fresh = this.#begin()
    const turn = this.#turn
    try {
      const url = await streamUrl(this.#options, this.#topics, this.#cursor)
      if (turn === this.#turn) this.#listen(url, fresh)
    } catch (error) {
      if (turn === this.#turn) this.#failed(error)
    }
  }

  /** Nothing is listened to, so nothing can be missed: what is subscribed to next begins then. */
  #rest(): void {
    this.#topics = []
    this.#lost = new Set()
    this.#cursor = ''
    this.#down.state('idle')
  }

  /** Ends the stream that there is, if there is one. */
  #leave(): void {
    this.#turn++
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#source?.close()
    this.#source = undefined
    this.#lose()
  }

  #lose(): void {
    if (this.#open) this.#lost = new Set([...this.#lost, ...this.#topics])
    this.#open = false
  }

  /** Returns those topics that were not heard before, of which nothing can have been missed. */
  #begin(): ReadonlySet<string> {
    this.#topics = necessary(this.#wanted)
    const heard = [...this.#lost].filter(topic => this.#wanted.some(other => covers(other, topic)))
    this.#lost = new Set(heard)
    this.#down.state('connecting')
    return new Set(this.#topics.filter(topic => !heard.some(other => covers(topic, other))))
  }

  #listen(url: URL, fresh: ReadonlySet<string>): void {
    const source = new EventSource(url, { withCredentials: this.#options.credentials })
    this.#source = source
    source.onopen = event => {
      // The gateway's own `open` event goes by the name of the browser's: where the stream stands.
      if (event instanceof MessageEvent) {
        this.#cursor = event.lastEventId
        this.#down.live(this.#topics)
        return
      }
      this.#open = true
      this.#failures = 0
      // With a cursor, the gateway resumes there and reports gaps itself.
      if (!this.#cursor) for (const topic of this.#lost) this.#down.gap(gapSince(this.#heardAt, topic, this.#reason))
      this.#reason = 'disconnected'
      this.#lost = new Set()
      this.#heardAt = Date.now()
      this.#down.state('open')
      this.#down.live(this.#topics)
    }
    source.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
      this.#heardAt = Date.now()
      this.#cursor = lastEventId || this.#cursor
      this.#down.message(data, this.#cursor)
    }
    source.addEventListener('gap', ({ data, lastEventId }: MessageEvent<string>) => {
      this.#cursor = lastEventId || this.#cursor
      const gap = JSON.parse(data) as Gap // as the protocol says
      if (fresh.has(gap.channel ?? gap.pattern ?? '') && NOTHING_BEFORE.has(gap.reason)) return
      this.#down.gap(gap)
    })
    source.addEventListener('error', event => {
      // The gateway's own `error` event goes by the name of the browser's.
      if (event instanceof MessageEvent) {
        this.#down.problem(new CarillonProblem(JSON.parse(event.data)))
        return
      }
      const wasOpen = this.#open
      this.#lose()
      // What is open again by itself was heard before.
      if (wasOpen) fresh = NONE
      if (wasOpen) this.#down.state('connecting')
      // The browser tries again by itself, but not after any answer but 200.
      if (source.readyState === EventSource.CLOSED) this.#refused(wasOpen)
    })
  }

  /** An `EventSource` does not report why it was refused, so `fetch` asks the same URL. */
  async #refused(spent: boolean): Promise<void> {
    this.#leave()
    this.#down.state('connecting')
    const { ticket, credentials } = this.#options
    // A ticket that was good for one time has been good for that; whether a new one is will show.
    if (ticket && (spent || this.#failures === 0)) {
      this.#again()
      return
    }
    const turn = this.#turn
    const abort = new AbortController()
    try {
      const headers = { accept: 'text/event-stream' }
      const init: RequestInit = { headers, signal: abort.signal, credentials: credentials ? 'include' : 'same-origin' }
      await good(await fetch(await streamUrl(this.#options, this.#topics, this.#cursor), init))
      if (turn === this.#turn) this.#again()
    } catch (error) {
      if (turn === this.#turn) this.#failed(error)
    } finally {
      abort.abort()
    }
  }

  #failed(error: unknown): void {
    if (error instanceof CarillonProblem && !error.passes) {
      this.#leave()
      this.#topics = []
      this.#down.state('closed')
      this.#down.problem(error)
    } else this.#again()
  }

  #again(): void {
    this.#timer = setTimeout(() => this.#connect(), backoff(this.#failures++))
  }

  readonly #hurry = (): void => {
    if (this.#timer !== undefined) this.#connect()
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Why the gateway cannot go on with a topic: for one that begins just now that is no loss. */
const NOTHING_BEFORE = new Set(['no_history', 'cursor_unknown'])
