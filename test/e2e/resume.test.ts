import t from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import type { Envelope } from '../support/envelope.js'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

interface Kept extends Envelope {
  id?: string
  cursor?: string
}

// Two gateways on one Redis, each a process; every channel has a history, and each test has channels of its own.
const redis = await startRedis(t)
const environment = { REDIS_URL: redis.url, HISTORY: '*', LOG_LEVEL: 'warn' }
const [{ url: one }, { url: other }] = await Promise.all([startGateway(t, environment), startGateway(t, environment)])

async function publish(url: string, channel: string, data: string): Promise<string> {
  const answer = await fetch(`${url}/channels/${channel}`, { method: 'POST', body: data })
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { id: string }).id
}

/** Publishes one after the other; resolves with their ids. */
async function publishAll(url: string, channel: string, texts: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const text of texts) ids.push(await publish(url, channel, text))
  return ids
}

const texts = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`)

t.test('a client reconnects to the other gateway and gets what it missed, once and in order', async t => {
  const first = await openSse(t, `${one}/channels/away/events`)
  const known = await publishAll(other, 'away', texts('m', 1, 5))
  const seen = await first.take(5)
  t.same(
    seen.map(({ id, data }) => [id, data]),
    known.map((id, i) => [id, `m${i + 1}`]),
    'the id of each is the one its publisher was told',
  )
  first.close()

  // More than a page of them while it is away, and more while it comes back.
  const missed = texts('m', 6, 305)
  for (let i = 0; i < missed.length; i += 50) {
    const items = missed.slice(i, i + 50).map(data => ({ channel: 'away', data }))
    const answer = await fetch(`${one}/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: items }),
    })
    t.equal(answer.status, 200)
    await answer.arrayBuffer()
  }
  const live = texts('m', 306, 345)
  const publishing = publishAll(one, 'away', live)
  const second = await openSse(t, `${other}/channels/away/events`, { 'last-event-id': seen.at(-1)?.id ?? '' })
  const ids = await publishing
  const last = await publish(other, 'away', 'end')
  await second.find(({ data }) => data === 'end')
  t.same(
    second.all.map(({ event, data }) => event ?? data),
    [...missed, ...live, 'end'],
  )
  t.same(
    second.all.slice(-41).map(({ id }) => id),
    [...ids, last],
  )
})

t.test('an open stream has no hole when the subscriber connection of its gateway is killed', async t => {
  const streams = [
    await openSse(t, `${one}/channels/killed/events`),
    await openSse(t, `${one}/events?channel=killed&channel=killed-not`),
    await openSse(t, `${other}/channels/killed/events`),
  ] as const
  const sent: string[] = []
  let killed = 0
  const kill = async () => {
    while (killed < 3) {
      await until(async () => (await subscribers()) === 2, 'both gateways listen')
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
      killed++
    }
  }
  const subscribers = async () =>
    (await redis.cli('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n').filter(Boolean).length
  const killing = kill()
  // As long as that takes, and then some; less than the history holds.
  for (let after = 0; after < 20 && sent.length < 900; after += killed === 3 ? 1 : 0) {
    const text = `m${sent.length + 1}`
    await publish(sent.length % 2 ? one : other, 'killed', text)
    sent.push(text)
  }
  await killing
  t.equal(killed, 3)
  sent.push('end')
  await publish(one, 'killed', 'end')
  for (const stream of streams) {
    const messages = await stream.take(sent.length, 20_000)
    t.same(
      messages.map(({ event, data }) => event ?? (data.startsWith('{') ? JSON.parse(data).data : data)),
      sent,
      'everything once, in order, and no gap',
    )
  }
})

t.test('a stream of two channels resumes from its composite cursor', async t => {
  for (const [what, open] of Object.entries({
    SSE: async (url: string, cursor?: string) => {
      const stream = await openSse(t, url, cursor === undefined ? {} : { 'last-event-id': cursor })
      const next = async () => {
        const { event, id, data } = await stream.next()
        return { cursor: id, event, ...(event === undefined && (JSON.parse(data) as Kept)) }
      }
      return { next, close: () => stream.close() }
    },
    NDJSON: async (url: string, cursor?: string) => {
      const stream = await openNdjson(t, cursor === undefined ? url : `${url}&after=${cursor}`)
      return { next: (): Promise<Kept> => stream.next(), close: () => stream.close() }
    },
  })) {
    const [a, b] = [`a-${what}`, `b-${what}`]
    const first = await open(`${one}/events?channel=${a}&channel=${b}`)
    await publish(other, a, 'a1')
    await publish(other, b, 'b1')
    await publish(other, b, 'b2')
    let cursor: string | undefined
    for (const data of ['a1', 'b1', 'b2']) {
      const message = await first.next()
      t.equal(message.data, data)
      cursor = message.cursor
    }
    t.match(cursor, /^[\w-]{10,16}\.[\w-]{10,16}$/, `${what}: an id of each channel`)
    first.close()
    await publishAll(one, a, ['a2', 'a3'])
    await publishAll(other, b, ['b3', 'b4'])
    const second = await open(`${other}/events?channel=${b}&channel=${a}`, cursor)
    const missed = [await second.next(), await second.next(), await second.next(), await second.next()]
    for (const channel of [a, b])
      t.same(
        missed.filter(message => message.channel === channel).map(({ data }) => data),
        channel === a ? ['a2', 'a3'] : ['b3', 'b4'],
        `${what}: ${channel} in order`,
      )
    await publish(one, a, 'live')
    t.match(await second.next(), { channel: a, data: 'live' }, `${what}: nothing else`)
    second.close()
  }
})

t.test('a topic of a multiplexed WebSocket resumes after an id', async t => {
  const [first] = await publishAll(one, 'session', ['m1', 'm2', 'm3'])
  const session = await openWebSocket(t, `${other}/ws`)
  const next = async () => JSON.parse((await session.next()).data)
  session.send({ type: 'subscribe', channel: 'session', after: first })
  const answers = [await next(), await next(), await next()]
  t.match(
    answers.find(({ type }) => type === 'subscribed'),
    { channel: 'session' },
  )
  t.same(
    answers.filter(({ type }) => type === undefined).map(({ data }) => data),
    ['m2', 'm3'],
  )
  const id = await publish(one, 'session', 'live')
  t.match(await next(), { channel: 'session', id, data: 'live' })
})

t.test('NDJSON: after, since=all, last=2', async t => {
  const ids = await publishAll(one, 'lines', ['m1', 'm2', 'm3', 'm4'])
  const streams = [
    { query: `after=${ids[0]}`, data: ['m2', 'm3', 'm4'] },
    { query: 'since=all', data: ['m1', 'm2', 'm3', 'm4'] },
    { query: 'last=2', data: ['m3', 'm4'] },
  ]
  const open = await Promise.all(streams.map(({ query }) => openNdjson(t, `${other}/channels/lines/events?${query}`)))
  for (const [i, { query, data }] of streams.entries())
    t.same(
      (await open[i]?.take(data.length))?.map(({ data }) => data),
      data,
      query,
    )
  await publish(one, 'lines', 'live')
  for (const stream of open) t.equal((await stream.next()).data, 'live', 'then live, and nothing between')
})

t.test('position=true sends the cursor before any message, and a client resumes from it', async t => {
  for (const channels of ['still', 'still&channel=still-too']) {
    const events = await openSse(t, `${one}/events?channel=${channels}&position=true`)
    const { event, id, data } = await events.next()
    t.same([event, JSON.parse(data)], ['open', { cursor: id }])
    events.close()
    const lines = await openNdjson(t, `${one}/events?channel=${channels}&position=true`)
    const opened = (await lines.next()) as Kept
    t.equal(opened.event, 'open')
    lines.close()
    const mark = `after ${channels}`
    await publish(other, 'still', mark)
    for (const cursor of [id, opened.cursor]) {
      const again = await openNdjson(t, `${other}/events?channel=${channels}&position=true&after=${cursor}`)
      t.match(await again.next(), { channel: 'still', data: mark })
      again.close()
    }
  }
  const bare = await openSse(t, `${one}/channels/still/events?position=true&last=0`)
  t.match(await bare.next(), { event: 'open', id: /^[\w-]+$/ }, 'also where one asked for the last none')
  bare.close()
  const native = await openSse(t, `${one}/channels/still/events`)
  await publish(other, 'still', 'x')
  t.match(await native.next(), { data: 'x' }, 'who does not ask sees no event but messages')
  native.close()
})

t.test('a long poll gets the next message', async t => {
  const id = await publish(one, 'poll', 'm1')
  const polling = fetch(`${other}/channels/poll/messages?after=${id}&wait=20`)
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'poll')) === 'poll\n1', 'the poll listens')
  const next = await publish(one, 'poll', 'm2')
  const answer = await polling
  t.equal(answer.status, 200)
  t.match(await answer.json(), { messages: [{ id: next, data: 'm2' }], next })
})

t.test('a forged cursor is answered with 200 and a gap', async t => {
  await publish(one, 'forged', 'm1')
  for (const forged of ['AAAAAAAAAA', 'x', '../../etc/passwd', 'a.b.c', 'A'.repeat(2000)]) {
    const stream = await openSse(t, `${one}/channels/forged/events`, { 'last-event-id': forged })
    t.equal(stream.response.status, 200, forged.slice(0, 20))
    const { event, data } = await stream.next()
    t.equal(event, 'gap')
    t.match(JSON.parse(data), { channel: 'forged', reason: 'cursor_unknown' })
    stream.close()
  }
  // The right channel, but a check that no history ever had, and a place in the future.
  const id = await publish(one, 'forged', 'm2')
  const bytes = Buffer.from(id, 'base64url')
  const wrong = Buffer.from(bytes)
  wrong.writeUInt8(bytes.readUInt8(4) ^ 0xff, 4)
  const future = Buffer.from(bytes)
  future.writeUInt8(200, bytes.length - 1)
  for (const forged of [wrong, future]) {
    const stream = await openSse(t, `${one}/channels/forged/events?last_event_id=${forged.toString('base64url')}`)
    t.equal(stream.response.status, 200)
    const { event, data } = await stream.next()
    t.equal(event, 'gap')
    t.match(JSON.parse(data), { channel: 'forged', reason: 'history_reset' })
    stream.close()
  }
})

t.test('a stream of a pattern with a cursor gets a gap, because patterns have no history', async t => {
  const [first] = await publishAll(one, 'pattern', ['m1', 'm2'])
  const stream = await openNdjson(t, `${other}/events?channel=pattern&pattern=chat:*&after=${first}`)
  const both = (await stream.take(2)) as Kept[]
  const gap = both.find(({ event }) => event === 'gap')
  t.match(gap, { pattern: 'chat:*' })
  t.match(JSON.parse(gap?.data ?? ''), { pattern: 'chat:*', reason: 'no_history' })
  t.match(
    both.find(({ event }) => event !== 'gap'),
    { channel: 'pattern', data: 'm2' },
  )
  await publish(one, 'chat:1', 'hello')
  t.match(await stream.next(), { channel: 'chat:1', data: 'hello' }, 'and it is live')
})
