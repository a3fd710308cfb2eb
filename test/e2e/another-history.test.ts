import t, { type Test } from 'tap'
import { FreezingProxy } from '../faults/rig/proxy.js'
import { openSse, openWebSocket } from '../support/clients.js'
import type { Envelope } from '../support/envelope.js'
import { build, untilReady } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

/** Two gateways, each with a way of its own to Redis. */
async function startTwo(t: Test, redis: RedisServer) {
  const start = async () => {
    const proxy = await FreezingProxy.start(t, redis.port)
    const config = { HISTORY: '*', REDIS_TIMEOUT_MS: 1000 }
    const { url } = await build(t, { config, redisUrl: `redis://127.0.0.1:${proxy.port}` })
    return { url, proxy }
  }
  const nowhere = await freePort()
  const [a, b] = await Promise.all([start(), start()])
  const cutOff = async ({ url, proxy }: typeof a) => {
    proxy.leadTo(nowhere)
    await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'the gateway has lost Redis')
  }
  return {
    a,
    b,
    cutOff,
    async leadTo(gateway: typeof a, { port }: RedisServer) {
      // Or it might still be ready for the moment that it takes to notice.
      await cutOff(gateway)
      gateway.proxy.leadTo(port)
      await untilReady(gateway.url)
    },
  }
}

async function publish(url: string, channel: string, data: string): Promise<void> {
  const answer = await fetch(`${url}/channels/${channel}`, { method: 'POST', body: data })
  const { id } = (await answer.json()) as { id?: string }
  if (answer.status !== 200 || !id) throw new Error(`the publish of ${data} was answered ${answer.status}`)
}

interface Page {
  readonly messages: readonly { readonly data: string }[]
  readonly next: string
  readonly more: boolean
  readonly gap?: unknown
}

const readPage = async (url: string, channel: string, query: string): Promise<Page> =>
  (await (await fetch(`${url}/channels/${channel}/messages?${query}`)).json()) as Page

/** All that comes after the cursor: messages, and `gap` where something may be missing. */
async function readOn(url: string, channel: string, after: string): Promise<string[]> {
  const found: string[] = []
  for (let cursor = after, more = true; more; ) {
    const page = await readPage(url, channel, `after=${cursor}`)
    if (page.gap) found.push('gap')
    found.push(...page.messages.map(({ data }) => data))
    cursor = page.next
    more = page.more
  }
  return found
}

const nameOf = ({ event, data }: { event?: string | undefined; data: string }) => (event === 'gap' ? 'gap' : data)

/** Clients of every kind that listen to the channel, or wait for it. */
async function listen(t: Test, url: string, channel: string) {
  const sse = await openSse(t, `${url}/channels/${channel}/events?position=true`)
  const session = await openWebSocket(t, `${url}/ws`)
  session.send({ type: 'subscribe', channel })
  const { id } = JSON.parse((await session.next()).data) as { id: string }
  const open = await sse.next()
  const { cursor } = JSON.parse(open.data) as { cursor: string }
  const waiting = await readPage(url, channel, 'last=0')
  return {
    /** Where they stood when they came. */
    cursors: { sse: cursor, session: id, page: waiting.next },
    async take(count: number) {
      return {
        sse: (await sse.take(count)).map(nameOf),
        session: (await session.take(count)).map(({ data }) => nameOf(JSON.parse(data) as Envelope)),
      }
    },
  }
}

t.test('a failover is reported to reconnecting clients, even if the offsets continue', async t => {
  const master = await startRedis(t)
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', `${master.port}`] })
  const replicated = (count: string) =>
    until(async () => (await replica.cli('HGET', 'carillon:position:{orders}', 'offset')) === count, 'it is replicated')
  const { a, b, cutOff, leadTo } = await startTwo(t, master)
  const clients = { a: await listen(t, a.url, 'orders'), b: await listen(t, b.url, 'orders') }
  await publish(a.url, 'orders', '1')
  await publish(a.url, 'orders', '2')
  for (const { take } of Object.values(clients)) t.same(await take(2), { sse: ['1', '2'], session: ['1', '2'] })
  const { next } = await readPage(b.url, 'orders', 'last=0')
  const isEmpty = await readPage(b.url, 'silent', 'last=0')
  await replicated('2')

  await cutOff(b)
  await replica.cli('REPLICAOF', 'NO', 'ONE')
  await publish(a.url, 'orders', '3')
  // The answer comes on another connection than the message, which would be lost with its own.
  t.same(await clients.a.take(1), { sse: ['3'], session: ['3'] })
  await leadTo(a, replica)
  await leadTo(b, replica)
  await publish(a.url, 'orders', '4')
  t.same(await clients.a.take(2), { sse: ['gap', '4'], session: ['gap', '4'] })
  t.same(await clients.b.take(2), { sse: ['gap', '4'], session: ['gap', '4'] })
  t.same(await readOn(b.url, 'orders', next), ['gap', '4'])
  t.same(await readOn(a.url, 'orders', clients.a.cursors.page), ['1', '2', 'gap', '4'])
  t.same(await readOn(b.url, 'silent', isEmpty.next), ['gap'], 'nor does anybody know what was published there')

  await publish(a.url, 'orders', '5')
  await publish(b.url, 'orders', '6')
  for (const { take } of Object.values(clients)) t.same(await take(2), { sse: ['5', '6'], session: ['5', '6'] }, 'once')
  const now = await readPage(a.url, 'orders', 'last=0')
  await publish(b.url, 'orders', '7')
  t.same(await readOn(a.url, 'orders', now.next), ['7'])
})

t.test('clients get the gap even if nothing is published after the failover', async t => {
  const master = await startRedis(t)
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', `${master.port}`] })
  const { a, b, cutOff, leadTo } = await startTwo(t, master)
  const { take } = await listen(t, b.url, 'orders')
  await publish(a.url, 'orders', '1')
  await take(1)
  await until(async () => (await replica.cli('EXISTS', 'carillon:history:{orders}')) === '1', 'it is replicated')
  await cutOff(b)
  await replica.cli('REPLICAOF', 'NO', 'ONE')
  await leadTo(b, replica)
  t.same(await take(1), { sse: ['gap'], session: ['gap'] })
  const { next } = await readPage(b.url, 'orders', 'last=0')
  t.same(await readOn(b.url, 'orders', next), [], 'a cursor of now is one of this server')
})

t.test('a connection that is lost, and a server that writes through, are no reason for a gap', async t => {
  const args = ['--appendonly', 'yes', '--appendfsync', 'always']
  const { mkdtemp, rm } = await import('node:fs/promises')
  const dir = await mkdtemp('/tmp/carillon-another-')
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const redis = await startRedis(t, { args, dir })
  const { a, b, cutOff, leadTo } = await startTwo(t, redis)
  const clients = [await listen(t, a.url, 'orders'), await listen(t, b.url, 'orders')]
  await publish(a.url, 'orders', '1')
  await cutOff(b)
  await publish(a.url, 'orders', '2')
  await leadTo(b, redis)
  for (const { take } of clients) t.same(await take(2), { sse: ['1', '2'], session: ['1', '2'] })
  await redis.stop()
  await startRedis(t, { args, dir, port: redis.port })
  await untilReady(a.url)
  await untilReady(b.url)
  await publish(a.url, 'orders', '3')
  for (const { take } of clients) t.same(await take(1), { sse: ['3'], session: ['3'] })
})

t.test('a restart from a snapshot is reported, even to clients at its last position', async t => {
  const redis = await startRedis(t)
  const { a, b, cutOff, leadTo } = await startTwo(t, redis)
  const { take } = await listen(t, b.url, 'orders')
  await publish(a.url, 'orders', '1')
  await take(1)
  const dir = (await redis.cli('CONFIG', 'GET', 'dir')).split('\n')[1] ?? ''
  await redis.cli('SAVE')
  await cutOff(b)
  await publish(a.url, 'orders', '2')
  await redis.stop('SIGKILL')
  const restarted = await startRedis(t, { port: redis.port, dir })
  await leadTo(b, restarted)
  await untilReady(a.url)
  await publish(a.url, 'orders', '3')
  t.same(await take(2), { sse: ['gap', '3'], session: ['gap', '3'] })
})

/** How a history of which a client knows nothing but that it was empty is lost. */
const LOSSES: Record<string, (redis: RedisServer, url: string) => Promise<RedisServer>> = {
  'a restart without persistence': async (redis, url) => {
    await redis.stop('SIGKILL')
    const again = await startRedis(t, { port: redis.port })
    await untilReady(url)
    return again
  },
  FLUSHALL: async redis => {
    await redis.cli('FLUSHALL')
    return redis
  },
  'DELETE of the history': async (redis, url) => {
    const answer = await fetch(`${url}/channels/orders/history`, { method: 'DELETE' })
    if (answer.status !== 204) throw new Error(`answered ${answer.status}`)
    return redis
  },
  'an eviction': async redis => {
    await redis.cli('DEL', 'carillon:history:{orders}', 'carillon:position:{orders}')
    return redis
  },
}

for (const [name, lose] of Object.entries(LOSSES)) {
  t.test(`clients of a channel without messages get a gap after ${name}`, async t => {
    const redis = await startRedis(t)
    const { a, b, cutOff, leadTo } = await startTwo(t, redis)
    const { cursors, take } = await listen(t, b.url, 'orders')
    t.equal(new Set(Object.values(cursors)).size, 1, 'all of them stand at one place')
    await cutOff(b)
    await publish(a.url, 'orders', '1')
    await publish(a.url, 'orders', '2')
    const now = await lose(redis, a.url)
    await leadTo(b, now)
    await publish(a.url, 'orders', '3')
    t.same(await take(2), { sse: ['gap', '3'], session: ['gap', '3'] })
    for (const [kind, cursor] of Object.entries(cursors))
      t.same(await readOn(b.url, 'orders', cursor), ['gap', '3'], `and who comes back with the cursor of ${kind}`)
    const resumed = await openSse(t, `${a.url}/channels/orders/events`, { 'last-event-id': cursors.sse })
    t.same((await resumed.take(2)).map(nameOf), ['gap', '3'])
  })
}

t.test('clients of a channel without messages get no gap if nothing was lost', async t => {
  const redis = await startRedis(t)
  const { a, b, cutOff, leadTo } = await startTwo(t, redis)
  const { cursors, take } = await listen(t, b.url, 'orders')
  await cutOff(b)
  await publish(a.url, 'orders', '1')
  await leadTo(b, redis)
  await publish(a.url, 'orders', '2')
  t.same(await take(2), { sse: ['1', '2'], session: ['1', '2'] })
  for (const cursor of Object.values(cursors)) t.same(await readOn(b.url, 'orders', cursor), ['1', '2'])
})
