import { once } from 'node:events'
import t, { type Test } from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { type GatewayProcess, startGateway } from '../support/gateway.js'
import { fetchProblem, sameProblem } from '../support/problems.js'
import { openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

// The exit code tells whether the time was kept: whoever is not done by then is ended with 1.
const TIMES = { DRAIN_DELAY_SECONDS: '1', DRAIN_SECONDS: '10', LOG_LEVEL: 'warn' }

const publish = ({ url }: GatewayProcess, channel: string, body: string) =>
  fetch(`${url}/channels/${channel}`, { method: 'POST', body })

const untilDraining = ({ url }: GatewayProcess) =>
  until(async () => (await fetch(`${url}/readyz`)).status === 503, 'it is not ready')

t.test('SIGTERM: not ready at once, still serving, then a goodbye to every stream, and 0', async t => {
  const gateway = await startGateway(t, { ...TIMES, DRAIN_DELAY_SECONDS: '4' })
  const news = `${gateway.url}/channels/news`
  const sse = await openSse(t, `${news}/events`)
  const ndjson = await openNdjson(t, `${news}/events`)
  const [channelSocket, session] = [await openWebSocket(t, `${news}/ws`), await openWebSocket(t, `${gateway.url}/ws`)]
  const exit = gateway.stop('SIGTERM')
  await untilDraining(gateway)
  const problem = await fetchProblem(t, await fetch(`${gateway.url}/readyz`), 'not-ready')
  t.equal(problem.detail, 'The gateway is draining.')
  t.equal((await fetch(`${gateway.url}/healthz`)).status, 200)

  const late = await openSse(t, `${news}/events`)
  t.equal((await publish(gateway, 'news', 'still here')).status, 200)
  for (const stream of [sse, late]) t.equal((await stream.next()).data, 'still here')
  t.equal((await ndjson.next()).data, 'still here')
  t.equal((await channelSocket.next()).data, 'still here')

  for (const stream of [sse, late]) {
    await stream.untilEnd()
    t.match(stream.text(), /\nretry: \d+\n$/, 'the last words of a stream')
    t.equal(stream.all.length, 1)
  }
  await ndjson.untilEnd()
  for (const socket of [channelSocket, session]) t.same(await socket.closed, { code: 1012, reason: 'draining' })
  t.equal(await exit, 0)
})

t.test('a POST that is under way is answered, and its message delivered', async t => {
  const gateway = await startGateway(t, TIMES)
  const stream = await openSse(t, `${gateway.url}/channels/news/events`)
  const socket = await openSocket(t, gateway.port)
  const request = requestText('POST', '/channels/news', {
    body: 'slow, but whole',
    headers: { connection: 'keep-alive' },
  })
  socket.write(request.slice(0, -5))
  const answer = readToEnd(socket)
  const exit = gateway.stop('SIGTERM')
  await untilDraining(gateway)
  socket.write(request.slice(-5))
  t.equal((await stream.next()).data, 'slow, but whole')
  t.equal(parseAnswer(await answer).status, 200)
  t.equal(await exit, 0)
})

/** Opens a stream and never reads more than its head; resolves when the gateway cannot write to it any more. */
async function openStuck(t: Test, gateway: GatewayProcess, path: string, headers: Record<string, string> = {}) {
  const socket = await openSocket(t, gateway.port)
  socket.write(requestText('GET', path, { headers }))
  await readUntil(socket, '\r\n\r\n')
  socket.pause()
}

t.test('clients that never read and uploads that stall do not hold it up', async t => {
  const gateway = await startGateway(t, { ...TIMES, MAX_BUFFERED_BYTES: `${64 * 1024 * 1024}` })
  const upgrade = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  await openStuck(t, gateway, '/channels/news/events')
  await openStuck(t, gateway, '/channels/news/ws', upgrade)
  const body = 'x'.repeat(60_000)
  for (let i = 0; i < 150; i++) await publish(gateway, 'news', body) // more than the kernel keeps for a socket
  const upload = await openSocket(t, gateway.port)
  upload.write(requestText('POST', '/channels/news', { body: 'stalls' }).slice(0, -3))
  const refused = readToEnd(upload)
  const half = await openSocket(t, gateway.port)
  half.write('POST /channels/news HTTP/1.1\r\nHost: localhost\r\n')
  const refusedHead = readToEnd(half)
  const idle = await openSocket(t, gateway.port)
  const left = once(idle, 'close')
  t.equal(await gateway.stop('SIGTERM'), 0)
  for (const answer of [refused, refusedHead])
    sameProblem(t, parseAnswer(await answer), 'request-timeout', 'an upload that does not come to its end is refused')
  await left
})

t.test('a second SIGTERM ends it at once', { timeout: 60_000 }, async t => {
  const gateway = await startGateway(t, { DRAIN_DELAY_SECONDS: '300', DRAIN_SECONDS: '600', LOG_LEVEL: 'warn' })
  const exit = gateway.stop('SIGTERM')
  await untilDraining(gateway)
  gateway.process.kill('SIGTERM')
  t.equal(await exit, 1)
})

t.test('SIGINT does not wait for load balancers', { timeout: 60_000 }, async t => {
  const gateway = await startGateway(t, { DRAIN_DELAY_SECONDS: '300', DRAIN_SECONDS: '600', LOG_LEVEL: 'warn' })
  const stream = await openSse(t, `${gateway.url}/channels/news/events`)
  t.equal(await gateway.stop('SIGINT'), 0)
  await stream.untilEnd()
  t.match(stream.text(), /\nretry: \d+\n$/)
})

for (const [state, signal] of Object.entries({ frozen: 'SIGSTOP', gone: 'SIGKILL' } as const))
  t.test(`ends in time while Redis is ${state}`, { timeout: 60_000 }, async t => {
    const redis = await startRedis(t)
    const gateway = await startGateway(t, { ...TIMES, REDIS_URL: redis.url })
    const stream = await openSse(t, `${gateway.url}/channels/news/events`)
    redis.process.kill(signal)
    const results = [publish(gateway, 'news', 'lost'), publish(gateway, 'news', 'lost too')]
    t.equal(await gateway.stop('SIGTERM'), 0)
    for (const result of results) t.ok([503, 504].includes((await result).status), 'the publisher knows')
    await stream.untilEnd()
  })
