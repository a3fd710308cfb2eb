import t from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

interface Counts {
  channel: string
  subscribers: number
  listeners: number
  unanswered?: number
}

const counts = async (url: string, channel: string) =>
  (await (await fetch(`${url}/channels/${channel}/subscribers`)).json()) as Counts // as the API says

t.test('listeners are exact over three gateways, and again after one was killed', async t => {
  const redis = await startRedis(t)
  const start = () => startGateway(t, { REDIS_URL: redis.url, LOG_LEVEL: 'warn' })
  const gateways = await Promise.all([start(), start(), start()])
  const streams = []
  for (const { url } of gateways) {
    streams.push(await openSse(t, `${url}/channels/news/events`))
    streams.push(await openSse(t, `${url}/channels/news/events`))
    streams.push(await openNdjson(t, `${url}/channels/news/events`))
    streams.push(await openNdjson(t, `${url}/events?pattern=n*`))
    streams.push(await openNdjson(t, `${url}/events?pattern=n*&channel=news&pattern=*`))
    await openWebSocket(t, `${url}/channels/news/ws`)
    const session = await openWebSocket(t, `${url}/ws`)
    session.send({ type: 'subscribe', channel: 'news' })
    session.send({ type: 'subscribe', pattern: '*' })
    await session.take(2)
  }
  const [first, second, third] = gateways as [(typeof gateways)[0], (typeof gateways)[0], (typeof gateways)[0]] // three
  for (const { url } of gateways) t.same(await counts(url, 'news'), { channel: 'news', subscribers: 3, listeners: 21 })
  t.same(await counts(first.url, 'nobody'), { channel: 'nobody', subscribers: 0, listeners: 9 })
  t.same(await counts(first.url, 'other'), { channel: 'other', subscribers: 0, listeners: 6 })

  streams[0]?.close()
  await until(async () => (await counts(second.url, 'news')).listeners === 20, 'one has left')

  await third.stop('SIGKILL')
  const after = { channel: 'news', subscribers: 2, listeners: 13 }
  await until(async () => JSON.stringify(await counts(first.url, 'news')) === JSON.stringify(after), 'exact again')
  t.same(await counts(second.url, 'news'), after)
  const list = await (await fetch(`${first.url}/channels?counts=true`)).json()
  t.same(list, { channels: [after] })
})

t.test('a gateway that does not answer is not counted as one without listeners', async t => {
  const redis = await startRedis(t)
  const start = () => startGateway(t, { REDIS_URL: redis.url, LOG_LEVEL: 'warn', REDIS_TIMEOUT_MS: '300' })
  const [asked, frozen] = await Promise.all([start(), start()])
  await openSse(t, `${asked.url}/channels/news/events`)
  await openSse(t, `${frozen.url}/channels/news/events`)
  frozen.process.kill('SIGSTOP')
  t.same(await counts(asked.url, 'news'), { channel: 'news', subscribers: 2, listeners: 1, unanswered: 1 })
  frozen.process.kill('SIGCONT')
  await until(async () => (await counts(asked.url, 'news')).listeners === 2, 'both answer')
})
