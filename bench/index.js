import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openStreams, publish } from './clients.js'
import { startRedis, systems, usage } from './servers.js'

/*
 * npm run build && npm run bench -- --runs 3 --clients 1000
 *
 * The gateway, and beside it nchan where nginx has it, each started afresh and in turns. The load
 * generator is one Node process: it is the limit before the gateway is, so that CPU per delivery
 * says more than deliveries per second. Machines are noisy: compare what stands in one table.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, clients: { type: 'string', default: '500' } },
})
const runs = Number(values.runs)
const clients = Number(values.clients)
const MESSAGES = 200
const PUBLISHED = 10_000

const workloads = {
  'fan-out, SSE': server => fanOut(server, server.sse, false),
  'fan-out, WebSocket': server => fanOut(server, server.ws, true),
  publish: async server => {
    const where = { port: server.port, path: server.publish }
    let left = 2000
    const next = () => left-- > 0
    await publish(64, where, next)
    left = PUBLISHED
    const began = performance.now()
    await publish(64, where, next)
    return { 'k requests/s': PUBLISHED / (performance.now() - began) }
  },
  'idle SSE': server => idle(server, server.sse, false),
  'idle WebSocket': server => idle(server, server.ws, true),
  'cold start': async ({ startMs }) => ({ ms: startMs, '× empty node': startMs / emptyNode() }),
}

async function fanOut(server, path, webSocket) {
  const streams = await openStreams(clients, { port: server.port, path, webSocket })
  try {
    const burst = async messages => {
      const wanted = streams.received + messages * clients
      let left = messages
      await publish(8, { port: server.port, path: server.publish }, () => left-- > 0)
      await streams.until(wanted)
    }
    await burst(50)
    const before = usage(server.pid).cpuMs
    const began = performance.now()
    await burst(MESSAGES)
    const deliveries = MESSAGES * clients
    return {
      'k deliveries/s': deliveries / (performance.now() - began),
      'µs CPU/delivery': ((usage(server.pid).cpuMs - before) * 1000) / deliveries,
    }
  } finally {
    streams.close()
  }
}

async function idle(server, path, webSocket) {
  const before = usage(server.pid).kb
  const streams = await openStreams(clients * 4, { port: server.port, path, webSocket })
  await setTimeout(4000)
  const perConnection = (usage(server.pid).kb - before) / (clients * 4)
  streams.close()
  return { 'KB/connection': perConnection }
}

const empty = join(tmpdir(), 'carillon-bench-empty.mjs')

function emptyNode() {
  writeFileSync(empty, '')
  const began = performance.now()
  execFileSync(process.execPath, [empty])
  return performance.now() - began
}

const redis = await startRedis()
if (!redis) console.log('redis-server is not installed: the gateway is measured with its embedded broker')
const rows = []
try {
  for (const [workload, measure] of Object.entries(workloads)) {
    const found = new Map()
    for (let run = 0; run < runs; run++) {
      for (const [system, start] of Object.entries(systems)) {
        if (workload === 'cold start' && system !== 'gateway') continue
        const server = await start(redis?.port)
        if (!server) continue
        try {
          for (const [unit, value] of Object.entries(await measure(server))) {
            const key = `${workload}|${system}|${unit}`
            found.set(key, [...(found.get(key) ?? []), value])
          }
        } finally {
          await server.stop()
        }
      }
    }
    for (const [key, numbers] of found) {
      const [workload, system, unit] = key.split('|')
      const sorted = numbers.sort((a, b) => a - b)
      const [low, median, high] = [0, sorted.length >> 1, sorted.length - 1].map(i => sorted[i].toFixed(2))
      rows.push({ workload, system, unit, median, low, high })
    }
  }
} finally {
  await redis?.stop()
}
console.table(rows)
