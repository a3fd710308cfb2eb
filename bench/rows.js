import { coldStart } from './cold-start.js'
import { fanOut, growth, idle, publishAlone } from './measures.js'
import { stuckClient } from './stuck.js'

/*
 * What is measured, against what, and what is wanted of it. `of` names the systems, the first of which is compared with
 * the others; `ratios` says how, within a run.
 */
const NCHAN = ['gateway', 'nchan']
const ratio = unit => (mine, other) => mine[unit] / other[unit]
const CPU = { 'CPU per delivery': ratio('µs') }
const BURST = { ...CPU, 'deliveries a second': ratio('k/s') }
const MEMORY = { memory: ratio('KB'), 'after half a minute': ratio('KB after half a minute') }
const burst = { clients: 1000, publishers: 8, window: 16, messages: 4000 }
const one = (clients, messages) => ({ clients, publishers: 1, messages })
const overload = { clients: 1000, publishers: 8, messages: 2000, rate: 200 }

export const ROWS = {
  'burst-sse': {
    what: '8 publishers, 16 in flight, 1,000 clients, SSE',
    wanted: 'CPU ≤ 0.25, deliveries ≥ 4',
    of: NCHAN,
    measure: on(fanOut, burst),
    ratios: BURST,
  },
  'burst-ws': {
    what: 'the same, WebSocket',
    wanted: 'CPU ≤ 0.25, deliveries ≥ 4',
    of: NCHAN,
    measure: on(fanOut, { ...burst, webSocket: true }),
    ratios: BURST,
  },
  'one-100': {
    what: 'one publisher, 100 clients, SSE',
    wanted: '≤ 1.3',
    of: NCHAN,
    measure: on(fanOut, one(100, 8000)),
    ratios: CPU,
  },
  'one-1000': {
    what: 'one publisher, 1,000 clients, SSE',
    wanted: 'nchan ≤ 0.95, floor ≤ 1.45',
    of: [...NCHAN, 'floor'],
    measure: on(fanOut, one(1000, 1500)),
    ratios: CPU,
  },
  'alone-1000': {
    what: 'one publisher, the next message when all have the last, 1,000 clients, SSE',
    wanted: 'nchan ≤ 0.95, floor ≤ 1.45',
    of: [...NCHAN, 'floor'],
    measure: on(fanOut, { ...one(1000, 1500), window: 1 }),
    ratios: CPU,
  },
  'one-5000': {
    what: 'one publisher, 5,000 clients, SSE',
    wanted: '≤ 0.95',
    of: NCHAN,
    measure: on(fanOut, one(5000, 300)),
    ratios: CPU,
  },
  'one-ws': {
    what: 'one publisher, 1,000 clients, WebSocket',
    wanted: '≤ 1.05',
    of: NCHAN,
    measure: on(fanOut, { ...one(1000, 1500), webSocket: true }),
    ratios: CPU,
  },
  overload: {
    what: '200 messages a second, 1,000 clients, SSE',
    wanted: 'sustained ≥ 0.99, p99 ≤ 0.3',
    of: NCHAN,
    measure: on(fanOut, overload),
    own: { sustained: found => found['k/s'] / ((overload.rate * overload.clients) / 1000) },
    ratios: { p99: ratio('ms p99') },
  },
  latency: {
    what: '30 messages a second, 1,000 clients, SSE',
    wanted: 'p50 ≤ 1.15, p99 ≤ 1.1',
    of: NCHAN,
    measure: on(fanOut, { clients: 1000, publishers: 1, messages: 300, rate: 30 }),
    ratios: { p50: ratio('ms p50'), p99: ratio('ms p99') },
  },
  channels: {
    what: '1,000 channels with one client each, 32 publishers, SSE',
    wanted: '≤ 1.0',
    of: ['gateway', 'nchan with Redis'],
    measure: on(fanOut, { clients: 1000, channels: 1000, publishers: 32, window: 64, messages: 20_000 }),
    ratios: {
      'CPU with that of Redis': (mine, other) => (mine.µs + mine['µs of Redis']) / (other.µs + other['µs of Redis']),
    },
  },
  publish: {
    what: 'publish, 64 connections, nobody listens',
    wanted: 'requests ≥ 0.90, Redis ≤ 1.5 µs',
    of: ['gateway', 'bare'],
    measure: on(publishAlone, { connections: 64, seconds: 4 }),
    own: { 'µs of Redis': found => found['µs of Redis'] },
    ratios: { 'requests a second': ratio('k/s') },
  },
  'publish-warm': {
    what: 'the same, after ten seconds of it',
    wanted: '–',
    of: ['gateway', 'bare'],
    measure: on(publishAlone, { connections: 64, seconds: 4, warmUp: 10 }),
    own: { 'µs of Redis': found => found['µs of Redis'] },
    ratios: { 'requests a second': ratio('k/s') },
  },
  'idle-sse': {
    what: '5,000 idle connections, SSE',
    wanted: '≤ 0.65',
    of: NCHAN,
    measure: on(idle, { clients: 5000, webSocket: false }),
    ratios: MEMORY,
  },
  'idle-ws': {
    what: '5,000 idle connections, WebSocket',
    wanted: '≤ 0.90',
    of: NCHAN,
    measure: on(idle, { clients: 5000, webSocket: true }),
    ratios: MEMORY,
  },
  growth: {
    what: '1,000 to 10,000 clients, SSE',
    wanted: 'CPU ≤ 1.6, memory linear',
    of: ['gateway'],
    measure: on(growth, { sizes: [1000, 5000, 10_000], deliveries: 500_000 }),
    own: {
      'CPU per delivery': found => found['µs many'] / found['µs few'],
      'memory of one, 5,000 to 10,000 / 1,000 to 5,000': found => found['KB last'] / found['KB between'],
    },
  },
  stuck: {
    what: 'one of 1,001 clients is stuck, 30 messages a second, SSE',
    wanted: 'p99 ≤ 1.1',
    of: ['gateway'],
    measure: on(stuckClient, { clients: 1000, rounds: 4, messages: 300, rate: 30 }),
    own: {
      p99: found => found['ms p99, stuck'] / found['ms p99, taking'],
      p50: found => found['ms p50, stuck'] / found['ms p50, taking'],
      'p99 of the same twice': found => found['ms p99, taking again'] / found['ms p99, taking'],
    },
  },
  'cold-start': {
    what: 'start to the first 200',
    wanted: '≤ 2.5 (Node 20), ≤ 4.5 (Node 24)',
    of: ['empty node'],
    /** Three starts in a run, each with its empty Node. */
    async measure(_server, redis) {
      const starts = []
      for (let i = 0; i < 3; i++) starts.push(await coldStart(redis?.port))
      const [, middle] = starts.sort((a, b) => a.gateway / a.empty - b.gateway / b.empty)
      return { ms: middle.gateway, 'ms of an empty node': middle.empty }
    },
    own: { time: found => found.ms / found['ms of an empty node'] },
  },
}

function on(measure, options) {
  return (server, redis) => measure(server, redis, options)
}
