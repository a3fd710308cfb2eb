import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { usage } from './servers.js'

export const CONNECTIONS = 64
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

/**
 * Measures each mode once a round, after a round to warm up; another mode begins each time, so that none always
 * comes after the same one.
 */
export async function alternate(names, rounds, measure) {
  const results = Object.fromEntries(names.map(name => [name, []]))
  for (let round = -1; round < rounds; round++) {
    const order = names.map((_, i) => names[(i + round + names.length) % names.length])
    for (const name of order) {
      const figures = await measure(name)
      if (round >= 0) results[name].push(figures)
    }
  }
  agent.destroy()
  return results
}

/**
 * Microseconds for each publish: of time (`wall`), and of the CPU of each process in `pids`.
 * @param headersOf the headers of the n-th publish, beside those of the body
 */
export async function timePublishes({ port, path, body, publishes, pids, headersOf = () => ({}) }) {
  const look = () => [performance.now(), ...Object.values(pids).map(pid => usage(pid).cpuMs)]
  const before = look()
  let next = 0
  const worker = async () => {
    while (next < publishes) await publish({ port, path, body, headers: headersOf(next++) })
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  const each = look().map((value, i) => ((value - before[i]) * 1000) / publishes)
  return Object.fromEntries(['wall', ...Object.keys(pids)].map((name, i) => [name, each[i]]))
}

function publish({ port, path, body, headers }) {
  const all = { 'content-type': 'text/plain', 'content-length': body.length, ...headers }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: 'POST', agent, headers: all }
    const posted = request(options, answer => {
      answer.resume()
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`answered ${answer.statusCode}`)),
      )
    })
    posted.on('error', reject)
    posted.end(body)
  })
}

/** The median, and the range around it. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const short = value => value.toFixed(value < 10 ? 2 : 0)
  return `${short(sorted[Math.floor(sorted.length / 2)])} (${short(sorted[0])}–${short(sorted.at(-1))})`
}
