import t from 'tap'
import { openSse } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

t.test('a message with nobody online has no receivers and is gone', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const publish = async (body: string): Promise<unknown> =>
    (await fetch(`${url}/channels/quiet`, { method: 'POST', body })).json()

  t.same(await publish('first'), { channel: 'quiet', receivers: 0 })
  t.equal(await redis.cli('PUBLISH', 'quiet', 'first'), '0', 'as Redis itself counts')
  t.equal(await redis.cli('DBSIZE'), '0', 'nothing of it is kept')

  const late = await openSse(t, `${url}/channels/quiet/events`)
  t.same(await publish('second'), { channel: 'quiet', receivers: 1 })
  t.equal((await late.next()).data, 'second', 'who comes late hears only what comes later')
})

t.test('receivers counts connections to Redis, listeners counts people', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  await openSse(t, `${url}/channels/news/events`)
  await openSse(t, `${url}/channels/news/events`)
  const published = await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
  t.match(await published.json(), { receivers: 1 })
  const counted = await fetch(`${url}/channels/news/subscribers`)
  t.same(await counted.json(), { channel: 'news', subscribers: 1, listeners: 2 })
})
