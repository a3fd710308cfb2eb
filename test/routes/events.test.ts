import t from 'tap'
import { openNdjson, openSse } from '../support/clients.js'
import type { Envelope } from '../support/envelope.js'
import { build } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'

t.test('several channels and patterns, also overlapping, deliver each message once', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const query = 'channel=chat:a&channel=news&channel=news&pattern=chat:*&pattern=c*&pattern=*&pattern=chat:%3F'
  const sse = await openSse(t, `${url}/events?${query}`)
  const ndjson = await openNdjson(t, `${url}/events?${query}`)
  const names = ['chat:a', 'news', 'chat:b', 'cake', 'other', 'chat:long']
  const expected: Envelope[] = []
  for (let i = 0; i < 60; i++) {
    const channel = names[i % names.length] as string // the index is below the length
    await fetch(`${url}/channels/${channel}${i % 2 ? '?event=e' : ''}`, { method: 'POST', body: `${i}` })
    expected.push({ channel, data: `${i}`, ...(i % 2 ? { event: 'e' } : {}) })
  }
  await redis.cli('PUBLISH', 'news', 'native')
  expected.push({ channel: 'news', data: 'native' })
  t.same(
    (await sse.take(61)).map(({ data }) => JSON.parse(data)),
    expected,
  )
  t.same(await ndjson.take(61), expected)
})

t.test('a pattern never delivers what is on the channels of the gateways', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const stream = await openNdjson(t, `${url}/events?pattern=*`)
  for (const channel of ['carillon:gateways', 'carillon:meta:{news}', 'carillon:vault:x'])
    await redis.cli('PUBLISH', channel, 'hidden')
  await redis.cli('PUBLISH', 'news', 'seen')
  t.same(await stream.next(), { channel: 'news', data: 'seen' })
})

t.test('a stream of nothing is refused', async t => {
  const { url } = await build(t)
  await fetchProblem(t, await fetch(`${url}/events`), 'invalid-request')
  await fetchProblem(t, await fetch(`${url}/events?limit=1`), 'invalid-request')
  await fetchProblem(t, await fetch(`${url}/events?channels=a`), 'invalid-request')
})

t.test('a stream holds as many topics as MAX_SUBSCRIPTIONS says, and what it was refused leaves nothing', async t => {
  const { url } = await build(t, { config: { MAX_SUBSCRIPTIONS: 3 } })
  await fetchProblem(t, await fetch(`${url}/events?channel=a&channel=b&channel=c&pattern=d*`), 'too-many-subscriptions')
  t.same(await (await fetch(`${url}/channels`)).json(), { channels: [] })
  const stream = await openNdjson(t, `${url}/events?channel=a&channel=a&channel=b&pattern=d*&limit=1`)
  await fetch(`${url}/channels/dd`, { method: 'POST', body: 'x' })
  t.same(await stream.untilEnd(), [{ channel: 'dd', data: 'x' }])
})
