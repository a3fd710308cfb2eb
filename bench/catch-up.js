import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { openStreams, publish } from './clients.js'
import { alternate, spread } from './publishes.js'
import { startRedis, systems, usage } from './servers.js'

/*
 * The cost of a history for each delivery, and the effect of very many clients that reconnect at once.
 *
 *     npm run build && npm run bench:catch-up [clients] [rounds] [returning]
 */
const [clients = 1000, rounds = 5, returning = 10_000] = process.argv.slice(2).map(Number)
const MESSAGES = 200
/** The messages that each reconnecting client has missed. */
const MISSED = 100
const LIVE_CLIENTS = 100
const LIVE_EVERY_MS = 30

const redis = await startRedis()
if (!redis) throw new Error('this bench needs redis-server')
const gateway = await systems.gateway(redis.port, { HISTORY: 'kept*', REDIS_TIMEOUT_MS: '10000' })

try {
  const channels = { default: 'plain', history: 'kept' }
  const results = await alternate(Object.keys(channels), rounds, name => deliveries(channels[name]))
  console.log(
    `${clients} SSE clients, one publisher, ${MESSAGES} messages in each of ${rounds} rounds; medians (range)`,
  )
  console.table(
    Object.fromEntries(
      Object.entries(results).map(([name, figures]) => [
        name,
        {
          'µs CPU/delivery': spread(figures),
          'to default': spread(figures.map((figure, round) => figure / results.default[round])),
        },
      ]),
    ),
  )
  console.log(
    `${returning} clients come back at once, each ${MISSED} messages behind; ${LIVE_CLIENTS} others listen on`,
  )
  console.table(await storm())
} finally {
  await gateway.stop()
  await redis.stop()
}

/** Microseconds of the gateway's CPU for each delivery. */
async function deliveries(channel) {
  const { port } = gateway
  const streams = await openStreams(clients, { port, path: `/channels/${channel}/events` })
  try {
    const send = async messages => {
      const wanted = streams.received + messages * clients
      let left = messages
      await publish(1, { port, path: `/channels/${channel}` }, () => left-- > 0)
      await streams.until(wanted)
    }
    await send(20)
    const before = usage(gateway.pid).cpuMs
    await send(MESSAGES)
    return ((usage(gateway.pid).cpuMs - before) * 1000) / (MESSAGES * clients)
  } finally {
    streams.close()
  }
}

async function storm() {
  const { port, pid } = gateway
  const first = await post('kept.storm', 'begin')
  let left = MISSED
  await publish(1, { port, path: '/channels/kept.storm' }, () => left-- > 0)
  const live = await latencies()
  await setTimeout(3000)
  const quiet = live.take()
  let peak = usage(pid).kb
  const memory = peak
  const watch = setInterval(() => {
    peak = Math.max(peak, usage(pid).kb)
  }, 100)
  const began = performance.now()
  const path = `/channels/kept.storm/events?after=${first.id}`
  const streams = await openStreams(returning, { port, path })
  await streams.until(returning * MISSED)
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  const during = live.take()
  live.stop()
  const twice = streams.received - returning * MISSED
  streams.close()
  return {
    before: { 'live p50, ms': at(quiet, 0.5), 'live p99, ms': at(quiet, 0.99), 'Pss, MiB': Math.round(memory / 1024) },
    during: {
      'live p50, ms': at(during, 0.5),
      'live p99, ms': at(during, 0.99),
      'Pss, MiB': Math.round(peak / 1024),
      'all have all after, s': Number(seconds.toFixed(1)),
      'too many': twice,
    },
  }
}

/** Publishes on a channel of its own again and again; `take` gives the milliseconds from publish to delivery since it was called last. */
async function latencies() {
  const { port } = gateway
  let taken = []
  const sockets = Array.from({ length: LIVE_CLIENTS }, () =>
    connect(port, '127.0.0.1', function () {
      this.write('GET /channels/kept.live/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
      this.on('data', bytes => {
        for (const [, sent] of bytes.latin1Slice().matchAll(/data: sent (\S+)/g))
          taken.push(performance.now() - Number(sent))
      })
    }),
  )
  await setTimeout(500)
  const timer = setInterval(() => post('kept.live', `sent ${performance.now()}`).catch(() => {}), LIVE_EVERY_MS)
  return {
    take() {
      const all = taken.sort((a, b) => a - b)
      taken = []
      return all
    },
    stop() {
      clearInterval(timer)
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function post(channel, body) {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/channels/${channel}`, { method: 'POST', body })
  return answer.json()
}

function at(sorted, share) {
  return Number(sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(1))
}
