import { fastPaths } from '../node-internals/fast-path.js'
import { packageVersion } from '../support/package.js'
import type { Counters } from './counters.js'
import type { Histogram } from './histogram.js'

/** One series of a metric: its labels, and where it stands. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | Histogram]

/** The parts of a gateway that metrics look at. */
export interface Measured {
  readonly counters: Counters
  readonly hub: { readonly size: number }
  readonly streams: { readonly draining: boolean; sizeOf(transport: string): number }
  readonly limits: { readonly patterns: { readonly size: number; readonly refused: number } }
  readonly broker: {
    readonly unavailable: string | undefined
    readonly connections?: { readonly up: number; readonly reconnects: number; readonly roundTrips: Histogram }
  }
}

export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** How the values of several workers become one; the sum by default. */
  readonly over?: 'min' | 'max' | 'first'
  /** A metric of what this gateway has not got has no samples. */
  readonly read: (gateway: Measured) => readonly Sample[]
}

/**
 * Every metric of the gateway's own, by its name for Prometheus: base units, `_total` on what only
 * grows, and no label that grows with channels or clients. The table in `docs/operate.md` is made
 * from this one.
 */
export const METRICS: Readonly<Record<string, Metric>> = {
  carillon_build_info: {
    type: 'gauge',
    help: 'Always 1; the version of the gateway and of Node.',
    labels: ['version', 'node'],
    over: 'first',
    read: () => [[{ version: packageVersion(), node: process.version }, 1]],
  },
  carillon_fast_path: {
    type: 'gauge',
    help: '1 when a shortcut through undocumented parts of Node or of a library is in use, 0 when this version works otherwise and the gateway takes the documented way. docs/operate.md lists them; those that the gateway does not need are left out.',
    labels: ['name'],
    over: 'min',
    read: () => fastPaths().map(({ name, isInUse }): Sample => [{ name }, Number(isInUse)]),
  },
  carillon_workers: {
    type: 'gauge',
    help: 'Processes that serve the port.',
    labels: [],
    read: () => [[{}, 1]],
  },
  carillon_draining: {
    type: 'gauge',
    help: '1 when the gateway is about to stop.',
    labels: [],
    over: 'max',
    read: ({ streams }) => [[{}, Number(streams.draining)]],
  },
  carillon_drains_total: {
    type: 'counter',
    help: 'How often a process was told to stop; with several workers, those that have ended count on. The streams that it ended are carillon_streams_closed_total with the reason draining.',
    labels: [],
    read: ({ counters }) => [[{}, counters.drains]],
  },
  carillon_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from a request to the end of its answer; for a stream, to its opening. Health checks and metrics are left out.',
    labels: ['method', 'route', 'status'],
    read: ({ counters }) =>
      [...counters.requests].flatMap(([route, answers]) =>
        answers.map(
          ({ method, statusClass, durations }): Sample => [{ method, route, status: `${statusClass}xx` }, durations],
        ),
      ),
  },
  carillon_problems_total: {
    type: 'counter',
    help: 'Requests that were answered with a problem, by its type as docs/errors.md has it: access that was refused, limits that were reached, Redis that was away; also what is no HTTP, or comes too slowly.',
    labels: ['problem'],
    read: ({ counters }) => byLabel('problem', counters.problems),
  },
  carillon_publishes_total: {
    type: 'counter',
    help: 'Messages that were to be published, by how they came and what became of them: ok; replayed, where an Idempotency-Key was known; or the problem, also where the gateway itself refused. A batch that is refused before it is read counts as one.',
    labels: ['transport', 'outcome'],
    read: ({ counters }) =>
      [...counters.published].flatMap(([transport, outcomes]) =>
        [...outcomes].map(([outcome, count]): Sample => [{ transport, outcome }, count]),
      ),
  },
  carillon_tickets_total: {
    type: 'counter',
    help: 'Tickets that were asked for, by what became of them: issued, or the problem; rate-limited are those over TICKET_RATE or KEY_TICKET_RATE.',
    labels: ['outcome'],
    read: ({ counters }) => byLabel('outcome', counters.tickets),
  },
  carillon_published_bytes_total: {
    type: 'counter',
    help: 'Bytes of the messages that were published.',
    labels: [],
    read: ({ counters }) => [[{}, counters.publishedBytes]],
  },
  carillon_messages_received_total: {
    type: 'counter',
    help: 'Messages that came from Redis, once for each channel and pattern of this gateway that they matched.',
    labels: [],
    read: ({ counters }) => [[{}, counters.received]],
  },
  carillon_messages_delivered_total: {
    type: 'counter',
    help: 'Messages written to clients, once for each client.',
    labels: ['transport'],
    read: ({ counters }) => byTransport(counters, transport => counters.delivered(transport).messages),
  },
  carillon_delivered_bytes_total: {
    type: 'counter',
    help: 'Bytes written to clients, with their framing and with control events, without heartbeats.',
    labels: ['transport'],
    read: ({ counters }) => byTransport(counters, transport => counters.delivered(transport).bytes),
  },
  carillon_streams: {
    type: 'gauge',
    help: 'Streams that are open: the clients that listen.',
    labels: ['transport'],
    read: ({ counters, streams }) => byTransport(counters, transport => streams.sizeOf(transport)),
  },
  carillon_streams_opened_total: {
    type: 'counter',
    help: 'Streams that were asked for.',
    labels: ['transport'],
    read: ({ counters }) => byLabel('transport', counters.opened),
  },
  carillon_streams_closed_total: {
    type: 'counter',
    help: 'Streams that have ended, by the reason as docs/errors.md has it; slow_consumer are the clients that were cut for being slow.',
    labels: ['reason'],
    read: ({ counters }) => byLabel('reason', counters.closed),
  },
  carillon_gaps_total: {
    type: 'counter',
    help: 'Gaps announced, one for each channel or pattern and loss.',
    labels: ['reason'],
    read: ({ counters }) => byLabel('reason', counters.gaps),
  },
  carillon_topics: {
    type: 'gauge',
    help: 'Channels and patterns to which the gateway is subscribed.',
    labels: [],
    read: ({ hub }) => [[{}, hub.size]],
  },
  carillon_patterns: {
    type: 'gauge',
    help: 'Different patterns to which the streams of the gateway are subscribed; MAX_PATTERNS limits them.',
    labels: [],
    read: ({ limits }) => [[{}, limits.patterns.size]],
  },
  carillon_patterns_refused_total: {
    type: 'counter',
    help: 'Streams and subscribe frames that were refused because of MAX_PATTERNS or MAX_PATTERNS_PER_CALLER.',
    labels: [],
    read: ({ limits }) => [[{}, limits.patterns.refused]],
  },
  carillon_broker_up: {
    type: 'gauge',
    help: '1 when Redis can be used, 0 when not; with several workers 0 when one of them cannot.',
    labels: [],
    over: 'min',
    read: ({ broker }) => [[{}, Number(broker.unavailable === undefined)]],
  },
  carillon_redis_connections: {
    type: 'gauge',
    help: 'Connections to Redis that can be used.',
    labels: [],
    read: ({ broker }) => (broker.connections ? [[{}, broker.connections.up]] : []),
  },
  carillon_redis_reconnects_total: {
    type: 'counter',
    help: 'Connections to Redis that were lost and are back.',
    labels: [],
    read: ({ broker }) => (broker.connections ? [[{}, broker.connections.reconnects]] : []),
  },
  carillon_redis_round_trip_seconds: {
    type: 'histogram',
    help: 'Time until Redis answered a probe; each connection is probed a few times a second.',
    labels: [],
    read: ({ broker }) => (broker.connections ? [[{}, broker.connections.roundTrips]] : []),
  },
}

const byTransport = ({ transports }: Counters, count: (transport: string) => number): Sample[] =>
  Array.from(transports, transport => [{ transport }, count(transport)] as const)

const byLabel = (label: string, counts: ReadonlyMap<string, number>): Sample[] =>
  [...counts].map(([value, count]) => [{ [label]: value }, count])
