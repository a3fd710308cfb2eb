import t from 'tap'
import { openNdjson, openWebSocket } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { fetchProblem } from '../../support/problems.js'
import { startRedis } from '../../support/redis.js'

const get = async (url: string) =>
  (await fetch(url)).json() as Promise<{ channels: { channel: string }[]; next?: string }>

t.test('channels that have a listener now are listed in order, and nothing that is internal', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  t.same(await get(`${url}/channels`), { channels: [] })
  const stream = await openNdjson(
    t,
    `${url}/events?channel=news&channel=chat:b&channel=Chat&channel=chat:a&pattern=only*`,
  )
  t.same(await get(`${url}/channels`), { channels: ['Chat', 'chat:a', 'chat:b', 'news'].map(channel => ({ channel })) })
  const patterns: [pattern: string, names: string[]][] = [
    ['chat:*', ['chat:a', 'chat:b']],
    ['chat:[a]', ['chat:a']],
    ['*', ['Chat', 'chat:a', 'chat:b', 'news']],
    ['carillon*', []],
    ['?arillon:*', []],
    ['[^x]*:*', ['chat:a', 'chat:b']],
    ['none', []],
  ]
  for (const [pattern, names] of patterns)
    t.same(
      (await get(`${url}/channels?pattern=${encodeURIComponent(pattern)}`)).channels.map(({ channel }) => channel),
      names,
      pattern,
    )
  stream.close()
})

t.test('pages follow each other without hole or repetition', async t => {
  const { url } = await build(t, { config: { MAX_SUBSCRIPTIONS: 300 } })
  const names = Array.from({ length: 250 }, (_, i) => `c${String(i).padStart(3, '0')}`)
  const client = await openWebSocket(t, `${url}/ws`)
  for (const channel of names) client.send({ type: 'subscribe', channel })
  await client.take(250)
  const seen: string[] = []
  let query = 'limit=70'
  const sizes: number[] = []
  for (;;) {
    const { channels, next } = await get(`${url}/channels?${query}`)
    seen.push(...channels.map(({ channel }) => channel))
    sizes.push(channels.length)
    if (next === undefined) break
    t.equal(next, seen.at(-1))
    query = `limit=70&after=${next}`
  }
  t.same(seen, names)
  t.same(sizes, [70, 70, 70, 40])
  t.match(await get(`${url}/channels`), { channels: { length: 100 }, next: 'c099' })
  t.equal((await get(`${url}/channels?limit=250`)).next, undefined, 'a full last page is the last')
  t.same(await get(`${url}/channels?after=c249`), { channels: [] })
})

t.test('counts tell connections of Redis and listeners apart', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  for (let i = 0; i < 3; i++) await openNdjson(t, `${url}/channels/news/events`)
  await openNdjson(t, `${url}/events?channel=news&channel=other&pattern=n*`)
  await openNdjson(t, `${url}/events?pattern=*`)
  const expected = [
    { channel: 'news', subscribers: 1, listeners: 5 },
    { channel: 'other', subscribers: 1, listeners: 2 },
  ]
  t.same(await get(`${url}/channels?counts=true`), { channels: expected })
  t.same(await get(`${url}/channels/news/subscribers`), expected[0])
  t.same(await get(`${url}/channels/zzz/subscribers`), { channel: 'zzz', subscribers: 0, listeners: 1 })
})

t.test('queries that make no sense are refused', async t => {
  const { url } = await build(t)
  for (const query of [
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=Infinity',
    'counts=maybe',
    'counts=',
    'x=1',
    'offset=1',
  ])
    await fetchProblem(t, await fetch(`${url}/channels?${query}`), 'invalid-request', query)
  t.equal((await fetch(`${url}/channels?after=*`)).status, 400)
  await fetchProblem(t, await fetch(`${url}/channels/news/subscribers?x=1`), 'invalid-request')
})

t.test('without Redis the lists are a 503, as they are not known', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  await redis.stop()
  await fetchProblem(t, await fetch(`${url}/channels`), 'broker-unavailable')
  await fetchProblem(t, await fetch(`${url}/channels?counts=true`), 'broker-unavailable')
  await fetchProblem(t, await fetch(`${url}/channels/news/subscribers`), 'broker-unavailable')
})
