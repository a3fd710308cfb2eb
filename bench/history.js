import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { startRedis, systems, usage } from './servers.js'

/*
 * What history and Idempotency-Key cost a publish: one gateway, one Redis, and in each round the
 * same number of publishes in every mode, in turns. Ratios are to the default mode of the round.
 *
 *     npm run build && npm run bench:history [publishes] [rounds] [bytes]
 */
const [publishes = 5000, rounds = 5, bytes = 100] = process.argv.slice(2).map(Number)
const CONNECTIONS = 64
const BODY = Buffer.alloc(bytes, 'x')

const MODES = {
  default: { path: '/channels/plain' },
  'event type': { path: '/channels/plain?event=price' },
  history: { path: '/channels/kept' },
  key: { path: '/channels/plain', keyed: true },
  'history and key': { path: '/channels/kept', keyed: true },
}

const redis = await startRedis()
if (!redis) throw new Error('this bench needs redis-server')
const gateway = await systems.gateway(redis.port, {
  HISTORY: 'kept',
  // A busy machine must not turn the figures into refusals.
  REDIS_TIMEOUT_MS: '10000',
})
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
const results = Object.fromEntries(Object.keys(MODES).map(mode => [mode, []]))

try {
  for (let round = -1; round < rounds; round++) {
    const names = Object.keys(MODES)
    // Another one begins each time, so that none always comes after the same one.
    const order = names.map((_, i) => names[(i + round + names.length) % names.length])
    for (const name of order) {
      const figures = await measure(MODES[name])
      if (round >= 0) results[name].push(figures) // the first round warms up
    }
  }
} finally {
  agent.destroy()
  await gateway.stop()
  await redis.stop()
}

console.log(
  `${publishes} publishes of ${bytes} bytes in each of ${rounds} rounds, ${CONNECTIONS} connections; medians (range)`,
)
console.table(
  Object.fromEntries(
    Object.entries(results).map(([name, figures]) => {
      const ratio = key => spread(figures.map((figure, round) => figure[key] / results.default[round][key]))
      return [
        name,
        {
          'µs of wall': spread(figures.map(({ wall }) => wall)),
          'µs of gateway': spread(figures.map(({ gateway }) => gateway)),
          'µs of Redis': spread(figures.map(({ redis }) => redis)),
          'gateway / default': ratio('gateway'),
          'Redis / default': ratio('redis'),
          'wall / default': ratio('wall'),
        },
      ]
    }),
  ),
)

/** Microseconds for each publish: of time, and of the two processes' CPU. */
async function measure({ path, keyed = false }) {
  const before = [usage(gateway.pid).cpuMs, usage(redis.pid).cpuMs, performance.now()]
  let left = publishes
  const worker = async () => {
    while (left-- > 0) await publish(path, keyed)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  const after = [usage(gateway.pid).cpuMs, usage(redis.pid).cpuMs, performance.now()]
  const [gatewayMs, redisMs, wallMs] = after.map((value, i) => value - before[i])
  const each = ms => (ms * 1000) / publishes
  return { gateway: each(gatewayMs), redis: each(redisMs), wall: each(wallMs) }
}

function publish(path, keyed) {
  const headers = { 'content-type': 'text/plain', 'content-length': BODY.length }
  if (keyed) headers['idempotency-key'] = randomUUID()
  return new Promise((resolve, reject) => {
    const posted = request({ host: '127.0.0.1', port: gateway.port, path, method: 'POST', agent, headers }, answer => {
      answer.resume()
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`answered ${answer.statusCode}`)),
      )
    })
    posted.on('error', reject)
    posted.end(BODY)
  })
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const short = value => value.toFixed(value < 10 ? 2 : 0)
  return `${short(sorted[Math.floor(sorted.length / 2)])} (${short(sorted[0])}–${short(sorted.at(-1))})`
}
