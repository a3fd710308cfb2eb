import { setTimeout } from 'node:timers/promises'
import { Audience } from './audience.js'
import { phase } from './phase.js'
import { Publishers } from './publishers.js'
import { readsOf } from './redis-info.js'
import { memory, usage } from './servers.js'
import { publishByWrk } from './wrk.js'

const LEFT_ALONE_MS = 4000
const QUIET_MS = 30_000
/** Redis is read from for other reasons too, a few times a second. */
const MANY = 100
/** Of channels, the n-th; the first is the one that every server knows. */
const channelOf = (path, channel) => (channel === 0 ? path : path.replace('bench', `bench${channel}`))

/** The cost of a fan-out for the server, and its latencies. */
export async function fanOut(
  server,
  redis,
  { clients, publishers: count, channels = 1, webSocket = false, messages, ...pace },
) {
  return withLoad(server, { count, channels, webSocket }, async load => {
    await load.audience.grow(clients)
    return costOf(server, redis, { ...load, channels, messages, ...pace })
  })
}

/** CPU for a delivery with few and with many clients, and memory for each of those that came between. */
export async function growth(server, redis, { sizes, deliveries }) {
  return withLoad(server, { count: 1 }, async load => {
    const found = []
    for (const size of sizes) {
      const before = { kb: usage(server.pid).kb, clients: load.audience.size }
      await load.audience.grow(size)
      await setTimeout(LEFT_ALONE_MS)
      const kb = (usage(server.pid).kb - before.kb) / (size - before.clients)
      found.push({ kb, ...(await costOf(server, redis, { ...load, messages: Math.round(deliveries / size) })) })
    }
    const [few] = found
    const many = found.at(-1)
    return {
      ...sumOf(found),
      'µs few': few.µs,
      'µs many': many.µs,
      'KB between': found[1].kb,
      'KB last': many.kb,
    }
  })
}

/** Memory of a connection on which nothing happens: soon after all have come, and when it has been quiet for longer. */
export async function idle(server, _redis, { clients, webSocket }) {
  const before = memory(server.pid)
  return withLoad(server, { count: 0, webSocket }, async ({ audience }) => {
    await audience.grow(clients)
    await setTimeout(LEFT_ALONE_MS)
    const after = memory(server.pid)
    await setTimeout(QUIET_MS - LEFT_ALONE_MS)
    const grown = Object.keys(before).map(kind => [kind, (after[kind] - before[kind]) / clients])
    const later = (memory(server.pid).KB - before.KB) / clients
    return { ...Object.fromEntries(grown), 'KB after half a minute': later, closed: (await audience.end()).closed }
  })
}

/** Publishes without subscribers, each connection with one in flight; `warmUp` seconds before that count for nothing. */
export async function publishAlone(server, redis, { connections, seconds, warmUp = 1 }) {
  const url = `http://127.0.0.1:${server.port}${server.publish}`
  await publishByWrk(url, { connections, seconds: warmUp })
  const look = async () => ({
    server: usage(server.pid).cpuMs,
    redis: redis ? usage(redis.pid).cpuMs : 0,
    reads: redis ? await readsOf(redis) : 0,
  })
  const before = await look()
  const { count, seconds: taken } = await publishByWrk(url, { connections, seconds })
  const after = await look()
  const reads = after.reads - before.reads
  return {
    'k/s': count / taken / 1000,
    µs: ((after.server - before.server) * 1000) / count,
    'µs of Redis': ((after.redis - before.redis) * 1000) / count,
    ...(reads > MANY && { 'publishes a read of Redis': count / reads }),
  }
}

/** A server's audience and publishers as long as `run` takes. */
export async function withLoad(server, { count, channels = 1, webSocket = false }, run) {
  const stream = webSocket ? server.ws : server.sse
  // The number of a channel follows its name.
  const path = stream.split(/(?<=bench)/)
  const audience = new Audience({ port: server.port, path: [path[0], path[1] ?? ''], webSocket, channels })
  const publishers = await Publishers.open(count, {
    port: server.port,
    pathOf: channel => channelOf(server.publish, channel),
  })
  try {
    return await run({ audience, publishers })
  } finally {
    audience.close()
    publishers.close()
  }
}

async function costOf(server, redis, { messages, ...load }) {
  const warm = Math.max(load.channels ?? 1, Math.round(messages / 10))
  await phase({ ...load, messages: warm, rate: undefined, window: 4 })
  const before = [usage(server.pid).cpuMs, redis ? usage(redis.pid).cpuMs : 0]
  const woken = load.audience.wakeups
  const { delivered, seconds, p50, p99, ...wrong } = await phase({ ...load, messages })
  const wakeups = load.audience.wakeups - woken
  const us = (pid, since) => ((usage(pid).cpuMs - since) * 1000) / delivered
  return {
    µs: us(server.pid, before[0]),
    'µs of Redis': redis ? us(redis.pid, before[1]) : 0,
    'k/s': delivered / seconds / 1000,
    wakeups: wakeups / delivered,
    'ms p50': p50,
    'ms p99': p99,
    ...wrong,
  }
}

/** The errors of all of them. */
export const sumOf = found =>
  Object.fromEntries(
    ['lost', 'doubled', 'reordered', 'closed'].map(name => [name, found.reduce((sum, one) => sum + one[name], 0)]),
  )
