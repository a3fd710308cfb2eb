import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { COST } from '../scripts/coefficients.js'
import { publishBare } from './bare-publishes.js'
import { openStreams, publish } from './clients.js'
import { startRedis, systems, usage } from './servers.js'

/*
 * npm run build && npm run bench:scale
 *
 * The coefficients of docs/scale.md: what a publish costs Redis, by the number of connections that
 * hear it; then a fleet of gateways on one Redis, beside what the coefficients say of it. Bare
 * connections stand for gateways, as Redis cannot tell them apart: so hundreds fit on one machine.
 */
const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '0,1,4,12,48,96,384,1000' },
    gateways: { type: 'string', default: '12' },
    listeners: { type: 'string', default: '1200' },
    messages: { type: 'string', default: '2000' },
  },
})
const messages = Number(values.messages)
const redis = await startRedis()
if (!redis) throw new Error('redis-server is not installed')
try {
  console.log('CPU of Redis for one publish of 200 bytes, in microseconds')
  console.table(await publishCosts(values.subscribers.split(',').map(Number)))
  console.log(`${values.gateways} gateways on one Redis, ${values.listeners} listeners on one channel`)
  console.table(await fleet(Number(values.gateways), Number(values.listeners)))
} finally {
  await redis.stop()
}

async function publishCosts(counts) {
  const rows = []
  for (const count of counts) {
    const subscribers = await listen(count)
    // One after the other, each waiting for its answer; and 16 in one write.
    const alone = await publishBare(redis, { together: 1, count: Math.max(500, Math.round(messages / 4)) })
    const joined = await publishBare(redis, { together: 16, count: messages * 4 })
    rows.push({ subscribers: count, alone: round(alone), 'sixteen together': round(joined) })
    await subscribers.stop()
  }
  return rows
}

async function fleet(count, listeners) {
  const gateways = await Promise.all(Array.from({ length: count }, () => systems.gateway(redis.port)))
  try {
    const streams = await Promise.all(
      gateways.map(({ port, sse }) => openStreams(Math.round(listeners / count), { port, path: sse })),
    )
    const rows = []
    for (const inFlight of [1, 16]) {
      const before = [redis, ...gateways].map(({ pid }) => usage(pid).cpuMs)
      const wanted = streams.map(({ received }) => received + messages * Math.round(listeners / count))
      let left = messages
      await publish(inFlight, { port: gateways[0].port, path: gateways[0].publish }, () => left-- > 0)
      await Promise.all(streams.map((stream, i) => stream.until(wanted[i])))
      const [redisMs, , ...others] = [redis, ...gateways].map(({ pid }, i) => usage(pid).cpuMs - before[i])
      const kind = inFlight === 1 ? 'lone' : 'joined'
      const perGateway = (messages * listeners) / count
      rows.push({
        'publishes in flight': inFlight,
        'µs of Redis per publish': round((redisMs * 1000) / messages),
        'by the coefficients': round(COST.publishUs[kind] + count * COST.copyUs[kind]),
        // The first gateway also takes the publishes.
        'µs of a gateway per delivery': round((sum(others) * 1000) / others.length / perGateway),
        'by the coefficients, lone': COST.deliveryUs.lone,
        joined: COST.deliveryUs.joined,
        lost: sum(streams.map(({ received }, i) => wanted[i] - received)),
      })
    }
    for (const stream of streams) stream.close()
    return rows
  } finally {
    await Promise.all(gateways.map(({ stop }) => stop()))
  }
}

/** Bare connections to Redis that subscribe to the channel, in a process of their own. */
async function listen(count) {
  if (count === 0) return { stop: async () => {} }
  const script = new URL('listeners.js', import.meta.url).pathname
  const child = spawn(process.execPath, [script, `${redis.port}`, `${count}`, 'bench'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return {
    stop: async () => {
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

function round(value) {
  return Math.round(value * 10) / 10
}
