import type { Publication } from '../messages/message.js'
import { CLOSE_REASONS, type CloseReason } from '../protocol/close-reasons.js'
import { GAP_REASONS, type GapReason } from '../protocol/gap.js'
import { PROBLEMS, type ProblemType } from '../protocol/problem-types.js'
import type { PublishResult } from '../protocol/publish-result.js'
import { Histogram, SECONDS } from './histogram.js'

/** How a message came in. */
export const PUBLISH_TRANSPORTS = ['http', 'batch', 'websocket', 'upstash'] as const
export type PublishTransport = (typeof PUBLISH_TRANSPORTS)[number]

/** The outcome of a publication: Redis executed it now, or had done so before, or its problem. */
export type PublishOutcome = 'ok' | 'replayed' | ProblemType

/** Deliveries over one transport. */
export interface Delivered {
  messages: number
  bytes: number
}

/** The requests to one route that were answered alike. */
export interface RequestTimes {
  readonly method: string
  /** The first digit of the status. */
  readonly statusClass: number
  readonly durations: Histogram
}

/**
 * What has happened since the start, as plain numbers: counting costs one addition, no matter who reads or
 * not. No key grows with channels or clients. `src/telemetry/metrics.ts` gives each its name for the outside.
 */
export class Counters {
  /** Gaps that were announced, one for each topic and loss. */
  readonly gaps = zeros(GAP_REASONS)
  /** Streams that were asked for, by transport. */
  readonly opened = new Map<string, number>()
  /** Streams that have ended. */
  readonly closed = zeros(Object.keys(CLOSE_REASONS) as CloseReason[]) // its own keys
  readonly published = new Map<PublishTransport, Map<PublishOutcome, number>>(
    PUBLISH_TRANSPORTS.map(transport => [transport, new Map([['ok', 0]])]),
  )
  /** Ticket requests: `issued`, or the problem that was answered instead. */
  readonly tickets = zeros<'issued' | ProblemType>(['issued', 'rate-limited'])
  /** Bytes of the messages that Redis took. */
  publishedBytes = 0
  /** Messages that the broker handed over, once for each topic of this gateway that they matched. */
  received = 0
  readonly #delivered = new Map<string, Delivered>()
  /** By the template of the path, never the path itself. */
  readonly requests = new Map<string, RequestTimes[]>()
  /** Problems that requests were answered with. */
  readonly problems = zeros(Object.keys(PROBLEMS) as ProblemType[]) // its own keys

  /** How often it was told to stop: by a signal, or with the app around it. */
  drains = 0

  gap(reason: GapReason): void {
    increase(this.gaps, reason)
  }

  /** Counts the transport from now on, from zero. */
  addTransport(transport: string): void {
    if (!this.opened.has(transport)) this.opened.set(transport, 0)
  }

  get transports(): Iterable<string> {
    return this.opened.keys()
  }

  /** Deliveries over the transport; its owner adds to them. */
  delivered(transport: string): Delivered {
    let delivered = this.#delivered.get(transport)
    if (!delivered) {
      delivered = { messages: 0, bytes: 0 }
      this.#delivered.set(transport, delivered)
    }
    return delivered
  }

  open(transport: string): void {
    increase(this.opened, transport)
  }

  close(reason: CloseReason): void {
    increase(this.closed, reason)
  }

  problem(type: ProblemType): void {
    increase(this.problems, type)
  }

  ticket(outcome: 'issued' | ProblemType): void {
    increase(this.tickets, outcome)
  }

  publish(transport: PublishTransport, publications: readonly Publication[], results: readonly PublishResult[]): void {
    const outcomes = this.published.get(transport) ?? new Map<PublishOutcome, number>()
    this.published.set(transport, outcomes)
    for (let i = 0; i < publications.length; i++) {
      const result = results[i]
      if (result && !('problem' in result)) {
        increase(outcomes, result.replayed ? 'replayed' : 'ok')
        if (!result.replayed) this.publishedBytes += publications[i]?.data.length ?? 0
      } else {
        increase(outcomes, result?.problem ?? 'internal-error')
      }
    }
  }

  /** Messages that were refused before the broker was asked. */
  refusePublish(transport: PublishTransport, problem: ProblemType, messages = 1): void {
    const outcomes = this.published.get(transport)
    if (outcomes) outcomes.set(problem, (outcomes.get(problem) ?? 0) + messages)
  }

  request(method: string, route: string, status: number, seconds: number): void {
    const statusClass = Math.trunc(status / 100)
    const ofRoute = this.requests.get(route) ?? []
    let alike = ofRoute.find(times => times.method === method && times.statusClass === statusClass)
    if (!alike) {
      alike = { method, statusClass, durations: new Histogram(SECONDS) }
      this.requests.set(route, [...ofRoute, alike])
    }
    alike.durations.observe(seconds)
  }
}

/** From the start at zero: a rate over what was never seen before would miss its first event. */
function zeros<Key>(keys: readonly Key[]): Map<Key, number> {
  return new Map(keys.map(key => [key, 0]))
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
