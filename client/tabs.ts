import { Connection } from './connection.js'
import { gapSince } from './gap.js'
import { randomKey } from './publisher.js'
import type { ConnectionOptions, Downstream, Past, State, Upstream } from './upstream.js'
import type { Word } from './word.js'

/**
 * One connection for all tabs of an origin. The tab that holds the lock leads: it has the connection,
 * and passes on what comes. When it goes, the browser gives the lock to the next one, which goes on
 * with the cursor that it has seen last.
 *
 * ```
 *   gateway ══ EventSource ══ leading tab ── BroadcastChannel ──┬── tab
 *                                  ▲                            └── tab
 *                                  └──── what each tab wants ───────┘
 * ```
 */
export class Tabs implements Upstream {
  static get possible(): boolean {
    return typeof BroadcastChannel === 'function' && navigator.locks !== undefined // only where the page came safely
  }

  readonly #name: string
  readonly #options: ConnectionOptions
  readonly #down: Downstream
  readonly #channel: BroadcastChannel
  readonly #id = randomKey()
  readonly #over = new AbortController()
  readonly #wants = new Map<string, readonly string[]>()
  #own: readonly string[] = []
  #connection: Connection | undefined
  #past: Past
  #state: State = 'idle'
  /** The page was here before, and no other tab's stream can be asked what it missed. */
  #returning: Past | undefined
  /** How often this tab has checked since the last message of the leading one. */
  #looks = 0

  constructor(name: string, options: ConnectionOptions, down: Downstream, past?: Past) {
    this.#name = `carillon ${name}`
    this.#options = options
    this.#down = down
    this.#past = past ?? { topics: [], cursor: '', heardAt: 0 }
    this.#returning = past
    this.#channel = new BroadcastChannel(this.#name)
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#receive(data)
    const { signal } = this.#over
    // Held for as long as this tab is open: a tab that waits for the lock notices its end.
    hold(this.#presence(this.#id), signal, () => {})
    hold(this.#name, signal, () => this.#lead())
    const timer = setInterval(() => this.#look(), LOOK_MS)
    signal.addEventListener('abort', () => {
      clearInterval(timer)
      this.#channel.close()
    })
  }

  want(topics: readonly string[]): void {
    this.#own = topics
    if (this.#connection) this.#wantAll()
    else this.#broadcast({ kind: 'want', from: this.#id, topics })
  }

  close(): void {
    this.#connection?.close()
    this.#broadcast({ kind: 'want', from: this.#id, topics: [] })
    this.#over.abort()
    this.#down.state('closed')
  }

  get past(): Past {
    return this.#connection?.past ?? this.#past
  }

  readonly #presence = (id: string): string => `${this.#name} ${id}`

  #lead(): void {
    const pass = (word: Word) => this.#broadcast(word)
    const down: Downstream = {
      message: (envelope, cursor) => {
        pass({ kind: 'message', envelope, cursor })
        this.#down.message(envelope, cursor)
      },
      gap: gap => {
        pass({ kind: 'gap', gap })
        this.#down.gap(gap)
      },
      state: state => {
        this.#state = state
        this.#sayState()
        this.#down.state(state)
      },
      live: topics => {
        this.#sayState()
        this.#down.live(topics)
      },
      problem: error => {
        pass({ kind: 'problem', message: error.message })
        this.#down.problem(error)
      },
    }
    // What the one before had on its stream is heard by some tab, unless that tab is gone too.
    const connection = new Connection(this.#options, down, this.#past)
    this.#connection = connection
    this.#over.signal.addEventListener('abort', () => {
      this.#connection = undefined
    })
    this.#wants.set('before', this.#past.topics)
    this.#wantAll()
    this.#wants.delete('before')
    pass({ kind: 'lead' })
  }

  #sayState(): void {
    this.#broadcast({ kind: 'state', state: this.#state, ...this.past })
  }

  #wantAll(): void {
    this.#connection?.want([...new Set([...this.#own, ...[...this.#wants.values()].flat()])])
  }

  /**
   * The leading tab may be blocked or frozen: then nothing comes, and its `open` is not true any more. It is asked, and not
   * expected to speak by itself, as browsers slow down the timers of hidden tabs. The looks of a tab that was blocked itself
   * do not pile up, so it hears what has come before it looks again.
   */
  #look(): void {
    if (this.#connection || this.#own.length === 0) return
    if (++this.#looks > 1) this.#broadcast({ kind: 'ask' })
    if (this.#looks > MAX_LOOKS) this.#down.state('connecting')
  }

  #receive(word: Word): void {
    if (this.#connection) {
      if (word.kind === 'want') this.#updateTopics(word.from, word.topics)
      else if (word.kind === 'ask') this.#sayState()
      return
    }
    if (word.kind === 'want' || word.kind === 'ask') return // of another tab that does not lead
    const wasSilent = this.#looks > MAX_LOOKS
    this.#looks = 0
    if (wasSilent) this.#broadcast({ kind: 'ask' })
    if (word.kind === 'lead') {
      this.want(this.#own)
    } else if (word.kind === 'message') {
      this.#past = { ...this.#past, cursor: word.cursor, heardAt: Date.now() }
      this.#down.message(word.envelope, word.cursor)
    } else if (word.kind === 'gap') {
      this.#down.gap(word.gap)
    } else if (word.kind === 'state') {
      this.#past = { topics: word.topics, cursor: word.cursor, heardAt: word.heardAt }
      this.#down.state(word.state)
      if (word.state === 'open') this.#follow(word.topics)
    } else if (word.kind === 'problem') {
      this.#down.problem(new Error(word.message))
    }
  }

  #follow(topics: readonly string[]): void {
    const { topics: missed = [], heardAt = 0 } = this.#returning ?? {}
    this.#returning = undefined
    for (const topic of missed) this.#down.gap(gapSince(heardAt, topic, 'disconnected'))
    this.#down.live(topics)
  }

  /** The leader learns what another tab wants, and from its lock when that tab is gone. */
  #updateTopics(tab: string, topics: readonly string[]): void {
    if (!this.#wants.has(tab)) {
      navigator.locks
        .request(this.#presence(tab), { signal: this.#over.signal }, () => {
          this.#wants.delete(tab)
        })
        .catch(() => {}) // given up by `close`
    }
    this.#wants.set(tab, topics)
    this.#wantAll()
    this.#sayState()
  }

  #broadcast(word: Word): void {
    this.#channel.postMessage(word)
  }
}

const LOOK_MS = 2000
/** So many without a word from the leading tab, and it counts as silent: after 8 seconds at most. */
const MAX_LOOKS = 3

/** Holds the lock, once it is free, until the signal aborts or the tab is gone. */
function hold(name: string, signal: AbortSignal, held: () => void): void {
  navigator.locks
    .request(name, { signal }, () => {
      held()
      return new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    })
    .catch(() => {}) // given up by `close`
}
