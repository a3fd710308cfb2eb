import type { Gateway } from './gateway.js'
import type { Outcome, Publication } from './history.js'
import type { Chance } from './prng.js'
import { post, postBatch, postUntilKnown, publishNatively } from './publisher.js'
import type { Scope } from './scope.js'
import type { Signal } from './signal.js'
import type { Native } from './topology.js'

export interface LoadOptions {
  readonly channels: readonly string[]
  /** Publications a second, of all publishers together. */
  readonly rate: number
  /** How many of them a native client sends, from 0 to 1. */
  readonly nativeShare: number
  /** The gateways that may be asked now. */
  readonly gateways: () => readonly Gateway[]
  /** The connection of the native publisher. */
  readonly native: Native
  /** Channels have a history: everything goes through the gateways, with keys. */
  readonly history: boolean
  readonly chance: Chance
  readonly signal: Signal
}

/** The publishers: a steady, bounded stream of messages, each written down. */
export class Load {
  readonly publications: Publication[] = []
  readonly #byId = new Map<string, Publication>()
  readonly #options: LoadOptions
  readonly native: Native
  #timer: NodeJS.Timeout | undefined
  #started = 0
  #due = 0
  #open = 0
  #next = 1

  constructor(scope: Scope, options: LoadOptions) {
    this.#options = options
    this.native = options.native
    scope.teardown(() => {
      this.pause()
      this.native.disconnect()
    })
  }

  start(): void {
    this.#started = Date.now()
    this.#due = 0
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS)
  }

  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Publishers that wait for an answer. */
  get open(): number {
    return this.#open
  }

  /** One message on each channel. Their ids. */
  async mark(): Promise<string[]> {
    const marks = this.#options.channels.map(channel => this.#create(channel, this.#options.history ? 'any' : 'native'))
    await Promise.all(marks.map(mark => new Promise<void>(done => this.#sendAside(mark, done))))
    return marks.map(({ id }) => id)
  }

  /** Many large messages on one channel, as fast as that and never more than a few at once. */
  async burst(
    channel: string,
    { count, bytes, perSecond }: { count: number; bytes: number; perSecond: number },
  ): Promise<void> {
    const started = Date.now()
    const atOnce: Promise<void>[] = []
    for (let i = 0; i < count; i++) {
      const early = started + (i * 1000) / perSecond - Date.now()
      if (early > 1) await new Promise(resolve => setTimeout(resolve, early))
      const publication = this.#create(channel, this.#options.history ? 'any' : 'native')
      atOnce.push(new Promise(done => this.#sendAside(publication, done, bytes)))
      if (atOnce.length >= 8) await atOnce.shift()
    }
    await Promise.all(atOnce)
  }

  find(id: string): Publication | undefined {
    return this.#byId.get(id)
  }

  /** How many publications had the outcome since then. */
  count(outcome: Outcome, since = 0): number {
    return this.publications.filter(
      p => p.sentAt >= since && (p.outcome === outcome || p.earlier?.some(it => it.outcome === outcome)),
    ).length
  }

  #tick(): void {
    const { rate, gateways, chance, nativeShare } = this.#options
    const wanted = Math.floor(((Date.now() - this.#started) * rate) / 1000)
    // When the machine stood still, what was missed meanwhile is not made up for.
    this.#due = Math.max(this.#due, wanted - MAX_BURST)
    while (this.#due < wanted) {
      this.#due++
      if (this.#open >= MAX_OPEN) continue
      const available = gateways()
      if (this.#options.history) this.#sendAside(this.#create(this.#channel(), 'any', this.#event(0.1)))
      else if (available.length === 0 || chance.happens(nativeShare))
        this.#sendNatively(this.#create(this.#channel(), 'native'))
      else this.#sendTo(chance.pick(available))
    }
  }

  #channel(): string {
    return this.#options.chance.pick(this.#options.channels)
  }

  #sendTo(gateway: Gateway): void {
    const { chance } = this.#options
    this.#open++
    if (chance.happens(0.05)) {
      const batch = Array.from({ length: 3 }, () => this.#create(this.#channel(), gateway.name))
      this.#due += 2
      postBatch(
        gateway,
        batch,
        batch.map(({ id }) => id),
        this.#answered,
      )
    } else {
      const publication = this.#create(this.#channel(), gateway.name, this.#event(0.1))
      post(gateway, publication, publication.id, this.#answered)
    }
  }

  #event(share: number): string | undefined {
    const { chance } = this.#options
    return chance.happens(share) ? chance.pick(EVENTS) : undefined
  }

  /** Natively; where there is a history, by whatever gateway, so that it is kept. */
  #sendAside(publication: Publication, done = () => {}, bytes = 0): void {
    if (!this.#options.history) {
      this.#sendNatively(publication, done, bytes)
      return
    }
    this.#open++
    const { gateways, chance } = this.#options
    postUntilKnown(
      () => chance.pick(gateways()),
      publication,
      pad(publication.id, bytes),
      () => {
        this.#answered()
        done()
      },
    )
  }

  #sendNatively(publication: Publication, done = () => {}, bytes = 0): void {
    this.#open++
    publishNatively(this.native, publication, pad(publication.id, bytes), () => {
      this.#answered()
      done()
    })
  }

  readonly #answered = (): void => {
    this.#open--
    this.#options.signal.raise()
  }

  #create(channel: string, via: string, event?: string): Publication {
    const id = `m${this.#next++}`
    const publication: Publication = {
      id,
      channel,
      via,
      sentAt: Date.now(),
      answeredAt: undefined,
      outcome: 'pending',
      event,
      ...(this.#options.history && { positions: new Set<string>(), earlier: [] }),
    }
    this.publications.push(publication)
    this.#byId.set(id, publication)
    return publication
  }
}

const pad = (id: string, bytes: number): string => (bytes > 0 ? `${id} `.padEnd(bytes, '.') : id)

const TICK_MS = 5
const MAX_BURST = 50
/** Publishers that wait; more come only when these have their answers. */
const MAX_OPEN = 1000
const EVENTS = ['price', 'note', 'alarm'] as const
