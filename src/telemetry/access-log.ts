import type { Config } from '../config/config.js'
import type { Topic } from '../messages/topic.js'
import type { CloseReason } from '../protocol/close-reasons.js'
import type { ProblemType } from '../protocol/problem-types.js'
import { LogBudget } from './log-budget.js'
import { type Logger, silentLogger } from './logger.js'

/** A request that has been answered. */
export interface AnsweredRequest {
  readonly reqId: string
  readonly method: string
  /** The template of the path; undefined where there is no route. */
  readonly route: string | undefined
  /** As it came, with its query. */
  readonly url: string
  readonly status: number
  readonly problem: ProblemType | undefined
  readonly milliseconds: number
  readonly caller: string | undefined
  readonly traceId: string | undefined
}

export interface EndedStream {
  /** The id of the request that has opened it. */
  readonly reqId: string | undefined
  readonly transport: string
  readonly reason: CloseReason
  readonly topics: Iterable<Topic>
  readonly messages: number
  readonly bytes: number
  readonly milliseconds: number
  readonly caller: string | undefined
}

/**
 * One line in the log for each request, and for the end of each stream: of all, of none, or of those that went
 * wrong, so many a second at most. What a client chooses is written as a JSON string, cut to
 * a bounded length and without the query, in which there may be a ticket.
 */
export class AccessLog {
  readonly #log: Logger
  readonly #extent: Config['LOG_REQUESTS']
  readonly #requests: LogBudget
  readonly #streams: LogBudget

  constructor(log: Logger = silentLogger, extent: Config['LOG_REQUESTS'] = 'none', now?: () => number) {
    this.#log = log
    this.#extent = extent
    this.#requests = new LogBudget(LINES_PER_SECOND, now)
    this.#streams = new LogBudget(LINES_PER_SECOND, now)
  }

  /** Whether the line of a request with this status is wanted; asked before it is put together. */
  wantsRequest(status: number): boolean {
    return this.#extent === 'all' || (this.#extent === 'errors' && status >= 400)
  }

  request({ url, milliseconds, ...rest }: AnsweredRequest): void {
    const path = cut(url.split('?', 1)[0] ?? '', MAX_PATH)
    this.#write(this.#requests, { ...rest, path, ms: Math.round(milliseconds * 100) / 100 }, 'request')
  }

  wantsStream(reason: CloseReason): boolean {
    return this.#extent === 'all' || (this.#extent === 'errors' && !ORDINARY.has(reason))
  }

  stream({ topics, milliseconds, ...rest }: EndedStream): void {
    const names = Array.from(topics, ({ name }) => name)
    const shown =
      names.length > MAX_TOPICS ? [...names.slice(0, MAX_TOPICS), `and ${names.length - MAX_TOPICS} more`] : names
    this.#write(this.#streams, { ...rest, topics: shown, seconds: Math.round(milliseconds) / 1000 }, 'stream ended')
  }

  #write(budget: LogBudget, details: object, message: string): void {
    const granted = this.#extent === 'all' ? UNLIMITED : budget.take()
    if (!granted) return
    if (granted.leftOut > 0) this.#log.info({ lines: granted.leftOut, of: message }, 'log lines were omitted')
    this.#log.info(details, message)
  }
}

/** Ends that are not errors. */
const ORDINARY: ReadonlySet<CloseReason> = new Set<CloseReason>([
  'client_gone',
  'limit_reached',
  'timeout',
  'draining',
  'max_age',
])

const LINES_PER_SECOND = 20
const UNLIMITED = { leftOut: 0 }
const MAX_PATH = 256
const MAX_TOPICS = 5

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text)
