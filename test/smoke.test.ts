import t from 'tap'
import { openNdjson, openSse, openWebSocket } from './support/clients.js'
import { build } from './support/gateway.js'
import { startRedis } from './support/redis.js'

t.test('one message reaches a listener of each kind', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const webSocket = await openWebSocket(t, `${url}/channels/news/ws`)
  await redis.cli('PUBLISH', 'news', 'hello')
  t.equal((await sse.next()).data, 'hello')
  t.same(await ndjson.next(), { channel: 'news', data: 'hello' })
  t.equal((await webSocket.next()).data, 'hello')
})
