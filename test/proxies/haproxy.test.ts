import t from 'tap'
import { openSse, openWebSocket } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { bareHaproxy, documentedHaproxy, startHaproxy } from '../support/haproxy.js'
import { replace } from '../support/proxy.js'
import { startRedis } from '../support/redis.js'
import {
  absenceIsTold,
  build,
  goneIsUnsubscribed,
  heartbeatsHold,
  httpPasses,
  largeRequestsPass,
  publish,
  silenceIsCut,
  stopIsSurvived,
  webSocketsPass,
} from './everything.js'

t.test('with nothing but time-outs and a server everything passes, WebSocket too', async t => {
  const { port } = await build(t)
  const { url } = await startHaproxy(t, bareHaproxy(port))
  await httpPasses(t, url)
  await webSocketsPass(t, url)
  await largeRequestsPass(t, url)
})

t.test('with the documented configuration everything passes', async t => {
  const { port } = await build(t)
  const { url } = await startHaproxy(t, documentedHaproxy([port]))
  await httpPasses(t, url)
  await webSocketsPass(t, url)
  await largeRequestsPass(t, url)
})

t.test('heartbeats keep silent streams open beyond timeout client and timeout server', async t => {
  const { port } = await build(t, { config: { HEARTBEAT_SECONDS: 0.25 } })
  const { url } = await startHaproxy(t, bareHaproxy(port, { idle: '2s' }))
  await heartbeatsHold(t, url, 12)
})

t.test('without a heartbeat within these times a silent stream is cut', async t => {
  const { port } = await build(t, { config: { HEARTBEAT_SECONDS: 3600 } })
  const { url } = await startHaproxy(t, bareHaproxy(port, { idle: '1s' }))
  await silenceIsCut(t, url)
})

t.test('timeout tunnel takes the place of both for a WebSocket', async t => {
  const { port, url: direct } = await build(t, { config: { HEARTBEAT_SECONDS: 3600 } })
  const { url } = await startHaproxy(t, documentedHaproxy([port], { idle: '1s' }))
  const silent = await openWebSocket(t, `${url}/channels/news/ws`)
  const stream = await openSse(t, `${url}/channels/news/events`)
  await stream.untilEnd()
  await publish(direct, 'news', 'still here')
  t.equal((await silent.next()).data, 'still here', 'it outlived a stream over HTTP')

  const short = replace(documentedHaproxy([port]), 'timeout tunnel 1h', 'timeout tunnel 1s')
  const second = await startHaproxy(t, short)
  const cut = await openWebSocket(t, `${second.url}/channels/news/ws`)
  t.equal((await cut.closed).code, 1006)
})

t.test('a client that vanishes behind HAProxy is unsubscribed from Redis by the next heartbeats', async t => {
  const redis = await startRedis(t)
  const { port } = await build(t, { redisUrl: redis.url, config: { HEARTBEAT_SECONDS: 0.25 } })
  const { url } = await startHaproxy(t, documentedHaproxy([port]))
  await goneIsUnsubscribed(t, url, redis)
})

t.test('no silent loss behind HAProxy while one of two gateways stops, and then the other', async t => {
  const redis = await startRedis(t)
  const environment = {
    ALLOW_ANYONE_WITHOUT_ACCESS_RULES: 'true',
    REDIS_URL: redis.url,
    REDIS_TIMEOUT_MS: '5000',
    DRAIN_DELAY_SECONDS: '4',
  }
  const [one, two] = await Promise.all([startGateway(t, environment), startGateway(t, environment)])
  const { url } = await startHaproxy(t, documentedHaproxy([one.port, two.port]))
  await stopIsSurvived(t, url, one, [200])
  await two.stop('SIGTERM')
  await absenceIsTold(t, url)
})
