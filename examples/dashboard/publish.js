// @ts-check
import { cpus, freemem, loadavg, totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const GATEWAY_URL = process.env.GATEWAY_URL ?? 'http://127.0.0.1:8080'
const eventLoop = monitorEventLoopDelay({ resolution: 10 })
eventLoop.enable()
let before = cpuTimes()

function cpuTimes() {
  const times = cpus().map(({ times }) => times)
  const all = times.flatMap(time => Object.values(time)).reduce((sum, value) => sum + value, 0)
  return { all, idle: times.reduce((sum, { idle }) => sum + idle, 0) }
}

/** @returns {Record<string, string>} a number and its unit for each metric */
function sample() {
  const now = cpuTimes()
  const busy = 1 - (now.idle - before.idle) / Math.max(1, now.all - before.all)
  before = now
  const lag = eventLoop.max / 1e6
  eventLoop.reset()
  return {
    cpu: `${(busy * 100).toFixed(1)} %`,
    memory: `${(100 * (1 - freemem() / totalmem())).toFixed(1)} %`,
    load: (loadavg()[0] ?? 0).toFixed(2),
    'node:heap': `${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(1)} MiB`,
    'node:event-loop-delay': `${lag.toFixed(1)} ms`,
  }
}

async function publish() {
  const messages = Object.entries(sample()).map(([name, data]) => ({ channel: `metrics:${name}`, data }))
  const response = await fetch(`${GATEWAY_URL}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages }),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
}

console.log(`Publishing to ${GATEWAY_URL} once a second`)
// A sample that did not get through is old by the next: it is told, and not sent again.
setInterval(() => publish().catch(error => console.error(`${error}`)), 1000)
