import { once } from 'node:events'
import { connect } from 'node:net'
import { sumOf, withLoad } from './measures.js'
import { message } from './messages.js'
import { phase } from './phase.js'
import { Publishers } from './publishers.js'

const POUR_MS = 50
const POUR_BYTES = 60_000
/** What one more client does, each in phases of its own; the last is the same again, as two runs of the same differ, too. */
const STUCK = 'stuck'
const KINDS = [STUCK, 'taking', 'taking again']

/**
 * The delay of all others while one client takes nothing until it is cut, beside one that takes everything. It hears a
 * second channel, on which there is soon more than any buffer holds. The phases of both take turns in one process: what a
 * process does by the clock, as V8's collections, and what else goes on in a machine meets both.
 */
export async function stuckClient(server, _redis, { clients, rounds, messages, rate }) {
  return withLoad(server, { count: 1 }, async load => {
    await load.audience.grow(clients)
    const found = []
    const figures = { cuts: 0 }
    for (let round = 0; round < rounds; round++)
      for (let turn = 0; turn < KINDS.length; turn++) {
        const index = (round + turn) % KINDS.length
        const kind = KINDS[index]
        const one = await listener(server.port, kind === STUCK)
        const flood = await pour(server.port)
        try {
          const before = await countsOf(server.port)
          const { p50, p99, ...wrong } = await phase({ ...load, messages, rate, series: index + 1 })
          const after = await countsOf(server.port)
          found.push(wrong)
          const collections = (figures[`collections, ${kind}`] ?? 0) + after.collections - before.collections
          figures.cuts += after.cuts - before.cuts
          // The delays are those of all phases of the kind until now.
          Object.assign(figures, {
            [`ms p50, ${kind}`]: p50,
            [`ms p99, ${kind}`]: p99,
            [`collections, ${kind}`]: collections,
          })
        } finally {
          flood.end()
          one.destroy()
        }
      }
    return { ...figures, ...sumOf(found) }
  })
}

async function listener(port, isStuck) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /events?channel=bench&channel=flood HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  if (isStuck) socket.pause()
  else socket.resume()
  return socket
}

async function pour(port) {
  const flood = await Publishers.open(1, { port, pathOf: () => '/channels/flood' })
  const text = message(0, 0, POUR_BYTES)
  const timer = setInterval(() => !flood.busy && flood.send(0, text), POUR_MS)
  const end = () => {
    clearInterval(timer)
    flood.close()
  }
  return { end }
}

/** Clients that were disconnected for being slow, and collections of V8's whole heap. */
async function countsOf(port) {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const sum = pattern => [...metrics.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0)
  return {
    cuts: sum(/^carillon_streams_closed_total\{.*reason="slow_consumer".*\} (\d+)/gm),
    collections: sum(/^nodejs_gc_duration_seconds_count\{.*kind="major".*\} (\d+)/gm),
  }
}
