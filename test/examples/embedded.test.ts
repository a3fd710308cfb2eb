import t from 'tap'
import { openSse } from '../support/clients.js'
import { fencesOf } from '../support/doc-page.js'
import { pageOf, runExample } from '../support/example.js'
import { openReader } from '../support/reader.js'
import { startRedis } from '../support/redis.js'

t.test('embedded: an order reaches every subscriber at every copy of the app', async t => {
  const redis = await startRedis(t)
  const environment = { REDIS_URL: redis.url }
  const [one, other] = [
    runExample(t, 'embedded/server.js', { environment }),
    runExample(t, 'embedded/server.js', { environment }),
  ]
  const [url, otherUrl] = await Promise.all([pageOf(one), pageOf(other)])
  t.match(await (await fetch(url)).text(), "new EventSource('/live/channels/orders/events')")
  const elsewhere = await openSse(t, `${otherUrl}/live/channels/orders/events`)
  const reader = await openReader(t, {})
  // As its README has them.
  const [listen = '', order = ''] = fencesOf('examples/embedded/README.md')
    .flatMap(({ text }) => text.split('\n'))
    .filter(line => line.startsWith('curl'))
    .map(line => line.replace('127.0.0.1:8080', new URL(url).host))
  const lines = reader.listen(listen)
  await lines.find(line => line.startsWith('retry: '))
  t.same(JSON.parse(await reader.run(order)), { number: 1, receivers: 2 })
  t.equal(await lines.find(line => line.startsWith('event: ')), 'event: placed')
  t.equal(await lines.next(), 'data: {"number":1}')
  t.match(await elsewhere.next(), { event: 'placed', data: '{"number":1}' })
})

t.test('embedded: without a Redis, and stopped in an orderly way', async t => {
  const app = runExample(t, 'embedded/server.js')
  const url = await pageOf(app)
  const stream = await openSse(t, `${url}/live/channels/orders/events`)
  t.same(await (await fetch(`${url}/orders`, { method: 'POST' })).json(), { number: 1, receivers: 1 })
  t.match(await stream.next(), { event: 'placed' })
  app.stop()
  t.equal(await app.exited, 0)
})
