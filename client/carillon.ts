import { Connection } from './connection.js'
import type { Gap } from './gap.js'
import { forget, recall, remember } from './memory.js'
import { type Listener, readMessage } from './message.js'
import type { CarillonOptions, PublishOptions, SubscribeOptions, Subscription } from './options.js'
import { good } from './problem.js'
import { type Published, publish, randomKey } from './publisher.js'
import { Tabs } from './tabs.js'
import { addTopics, covers, hears } from './topics.js'
import type { ConnectionOptions, Past, State, Upstream } from './upstream.js'

interface Interest {
  readonly topic: string
  readonly event: string | undefined
  readonly listener: Listener
  readonly onGap: ((gap: Gap) => void) | undefined
  readonly wentLive: () => void
}

export class Carillon {
  readonly #options: CarillonOptions
  readonly #url: URL
  readonly #upstream: Upstream & { readonly past: Past }
  readonly #interests = new Set<Interest>()
  /** The ids that came last: while another tab takes over, a message can come from both. */
  readonly #seen = new Set<string>()
  #state: State = 'idle'
  #waiting = false
  #closed = false

  constructor(options: CarillonOptions = {}) {
    this.#options = options
    this.#url = new URL(options.url ?? '/', location.href)
    const { share, credentials = false, ticket = options.token && this.#buyTicket } = options
    const connection: ConnectionOptions = { url: this.#url, credentials, ticket: ticket || undefined }
    const down = {
      message: (envelope: string) => this.#message(envelope),
      gap: (gap: Gap) => this.#gap(gap),
      live: (topics: readonly string[]) => this.#live(topics),
      problem: (error: Error) => options.onProblem?.(error),
      state: (state: State) => {
        if (state === this.#state) return
        this.#state = state
        options.onState?.(state)
      },
    }
    const past = options.remember ? recall(options.remember) : undefined
    this.#upstream =
      share && Tabs.possible
        ? new Tabs(share === true ? this.#url.href : share, connection, down, past)
        : new Connection(connection, down, past)
    if (options.remember) addEventListener('pagehide', this.#keep)
    if (options.topics) this.#want()
  }

  get state(): State {
    return this.#state
  }

  /** To channels, and patterns such as `chat:*`. Not after `close`. */
  subscribe(topics: string | readonly string[], listener: Listener, options: SubscribeOptions = {}): Subscription {
    const { event, onGap } = options
    const added = [topics].flat().map(topic => {
      let wentLive = () => {}
      const live = new Promise<void>(resolve => (wentLive = resolve))
      const interest: Interest = { topic, event, listener, onGap, wentLive }
      this.#interests.add(interest)
      return { interest, live }
    })
    this.#want()
    return {
      live: Promise.all(added.map(({ live }) => live)).then(() => {}),
      close: () => {
        for (const { interest } of added) this.#interests.delete(interest)
        this.#want()
      },
    }
  }

  /**
   * Strings go as text, bytes as they are, all else as JSON.
   * @throws CarillonProblem, or TypeError where the gateway was not reached
   */
  async publish(channel: string, data: unknown, options: PublishOptions = {}): Promise<Published> {
    const { event, key = randomKey(), retries = 3 } = options
    const url = new URL(`channels/${encodeURIComponent(channel)}`, this.#url)
    if (event !== undefined) url.searchParams.set('event', event)
    const [body, type] = bodyOf(data)
    const headers = {
      ...(await this.#authorization()),
      'content-type': options.contentType ?? type,
      'idempotency-key': key,
    }
    const credentials = this.#options.credentials ? 'include' : 'same-origin'
    return publish({ url, body, headers, credentials, retries })
  }

  close(): void {
    removeEventListener('pagehide', this.#keep)
    if (this.#options.remember) forget(this.#options.remember)
    this.#closed = true
    this.#upstream.close()
  }

  /** All that is wanted in one turn of the event loop is asked for at once. */
  #want(): void {
    if (this.#waiting) return
    this.#waiting = true
    queueMicrotask(() => {
      this.#waiting = false
      if (this.#closed) return
      this.#upstream.want([
        ...new Set([...(this.#options.topics ?? []), ...[...this.#interests].map(({ topic }) => topic)]),
      ])
    })
  }

  #message(envelope: string): void {
    const message = readMessage(envelope)
    const { channel, event, id } = message
    if (id !== undefined) {
      if (this.#seen.has(id)) return
      this.#seen.add(id)
      if (this.#seen.size > SEEN) for (const oldest of this.#seen) if (this.#seen.delete(oldest)) break
    }
    for (const interest of this.#interests)
      if (hears(interest.topic, channel) && (interest.event === undefined || interest.event === event))
        attempt(() => interest.listener(message))
  }

  #gap(gap: Gap): void {
    const topic = gap.channel ?? gap.pattern ?? ''
    for (const { topic: own, onGap } of this.#interests)
      if (onGap && (covers(topic, own) || covers(own, topic))) attempt(() => onGap(gap))
    const { onGap } = this.#options
    if (onGap) attempt(() => onGap(gap))
  }

  #live(topics: readonly string[]): void {
    for (const { topic, wentLive } of this.#interests) if (topics.some(other => covers(other, topic))) wentLive()
  }

  readonly #keep = (): void => {
    if (this.#options.remember) remember(this.#options.remember, this.#upstream.past)
  }

  async #authorization(): Promise<Record<string, string>> {
    const { token } = this.#options
    const value = typeof token === 'function' ? await token() : token
    return value === undefined ? {} : { authorization: `Bearer ${value}` }
  }

  readonly #buyTicket = async (topics: readonly string[]): Promise<string> => {
    const query = new URLSearchParams()
    addTopics(query, topics)
    const headers = { ...(await this.#authorization()), 'content-type': 'application/json' }
    const body = JSON.stringify({ channels: query.getAll('channel'), patterns: query.getAll('pattern') })
    const response = await good(await fetch(new URL('tickets', this.#url), { method: 'POST', headers, body }))
    return (await response.json()).ticket
  }
}

const SEEN = 512

function bodyOf(data: unknown): [BodyInit, string] {
  if (typeof data === 'string') return [data, 'text/plain']
  if (data instanceof Blob) return [data, data.type || 'application/octet-stream']
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return [data as BufferSource, 'application/octet-stream'] // of whatever memory
  return [JSON.stringify(data), 'application/json']
}

/** One listener that throws is not to keep the others from their message; the page's `error` event has it. */
function attempt(call: () => void): void {
  try {
    call()
  } catch (error) {
    reportError(error)
  }
}
