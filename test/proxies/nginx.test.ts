import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import t from 'tap'
import { packageFile } from '../../src/support/package.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { bareNginx, documentedNginx, startNginx } from '../support/nginx.js'
import { replace } from '../support/proxy.js'
import { startRedis } from '../support/redis.js'
import { bearer, secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'
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

t.test('with nothing but proxy_pass all HTTP passes at once, though nginx buffers and speaks HTTP/1.0', async t => {
  const { app, port } = await build(t)
  const versions = new Set<string>()
  app.server.on('request', ({ httpVersion }) => versions.add(httpVersion))
  const { url } = await startNginx(t, bareNginx(port))
  await httpPasses(t, url)
  t.same([...versions], ['1.0'])
})

t.test('with nothing but proxy_pass a WebSocket is refused, as its upgrade does not reach the gateway', async t => {
  const { port } = await build(t)
  const { url } = await startNginx(t, bareNginx(port))
  await t.rejects(openWebSocket(t, `${url}/ws`), { message: /426/ })
  await t.rejects(openWebSocket(t, `${url}/channels/news/ws`), { message: /426/ })
})

t.test('under a path prefix the URLs of a ticket lead back, and its cookie does, as docs/access.md has it', async t => {
  const redis = await startRedis(t)
  const config = { JWT_SECRET: secret, TRUST_PROXY: 'loopback' }
  const { port } = await build(t, { redisUrl: redis.url, config })
  const page = await readFile(packageFile('docs/access.md'), 'utf8')
  const location = replace(/```nginx\n([\s\S]*?)```/.exec(page)?.[1] ?? '', '127.0.0.1:3000', `127.0.0.1:${port}`)
  const { url } = await startNginx(t, `server {\n  listen 80;\n${location}}`)
  const answer = await fetch(`${url}/notify/tickets`, {
    method: 'POST',
    headers: {
      ...bearer(await sign({ claims: { carillon: { subscribe: ['news'] } } })),
      'content-type': 'application/json',
    },
    body: '{"channels":["news"]}',
  })
  const { urls } = (await answer.json()) as { urls: { events: string } }
  t.match(urls.events, /^\/notify\/channels\/news\/events\?ticket=/)
  const stream = await openSse(t, url + urls.events)
  t.equal(stream.response.status, 200)
  const cookie = stream.response.headers.get('set-cookie') ?? ''
  t.match(cookie, '; Path=/notify/channels/news/events;')
  const again = await openSse(t, url + urls.events, { cookie: cookie.split(';')[0] ?? '' })
  t.equal(again.response.status, 200)
})

t.test('with proxy_http_version 1.1 all HTTP passes at once', async t => {
  const { app, port } = await build(t)
  const versions = new Set<string>()
  app.server.on('request', ({ httpVersion }) => versions.add(httpVersion))
  const { url } = await startNginx(t, bareNginx(port, 'proxy_http_version 1.1;'))
  await httpPasses(t, url)
  t.same([...versions], ['1.1'])
})

t.test('the header X-Accel-Buffering is what it takes: where nginx ignores it, a message is held back', async t => {
  const { port, url: direct } = await build(t)
  const { url } = await startNginx(t, bareNginx(port, 'proxy_ignore_headers X-Accel-Buffering;'))
  const near = await openSse(t, `${direct}/channels/news/events`)
  const opening = openSse(t, `${url}/channels/news/events?limit=2`)
  let opened = false
  opening.then(() => (opened = true))
  await until(async () => {
    const answer = await fetch(`${direct}/channels/news/subscribers`)
    return ((await answer.json()) as { listeners: number }).listeners === 2 // as the contract says
  }, 'the stream behind nginx is subscribed')
  await publish(direct, 'news', 'one')
  await near.next()
  t.notOk(opened)
  await publish(direct, 'news', 'two')
  const far = await opening
  t.same(
    (await far.take(2)).map(({ data }) => data),
    ['one', 'two'],
  )
})

t.test('with the documented configuration everything passes, WebSocket too', async t => {
  const { port } = await build(t)
  const { url } = await startNginx(t, documentedNginx([port]))
  await httpPasses(t, url)
  await webSocketsPass(t, url)
  await largeRequestsPass(t, url)
})

t.test('a body that nginx passes on as it comes is as good as one that it has collected', async t => {
  const { port } = await build(t)
  const { url } = await startNginx(t, documentedNginx([port], 'proxy_request_buffering off;'))
  await largeRequestsPass(t, url)
})

t.test('gzip neither delays a stream nor breaks it', async t => {
  const { port } = await build(t)
  const gzip = 'gzip on; gzip_proxied any; gzip_min_length 0; gzip_types *;'
  const { url } = await startNginx(t, documentedNginx([port], gzip))
  const { response } = await openSse(t, `${url}/channels/news/events`)
  t.equal(response.headers.get('content-encoding'), 'gzip')
  await httpPasses(t, url)
})

t.test('heartbeats keep silent streams open beyond proxy_read_timeout', async t => {
  const { port } = await build(t, { config: { HEARTBEAT_SECONDS: 0.25 } })
  const { url } = await startNginx(t, documentedNginx([port], 'proxy_read_timeout 2s;'))
  await heartbeatsHold(t, url, 12)
})

t.test('without a heartbeat within proxy_read_timeout a silent stream is cut', async t => {
  const { port } = await build(t, { config: { HEARTBEAT_SECONDS: 3600 } })
  const { url } = await startNginx(t, documentedNginx([port], 'proxy_read_timeout 1s;'))
  await silenceIsCut(t, url)
})

t.test('a client that vanishes behind nginx is unsubscribed from Redis before the next heartbeat', async t => {
  const redis = await startRedis(t)
  const { port } = await build(t, { redisUrl: redis.url, config: { HEARTBEAT_SECONDS: 3600 } })
  const { url } = await startNginx(t, documentedNginx([port]))
  await goneIsUnsubscribed(t, url, redis)
})

t.test('a client that does not read is cut by the gateway, and does not fill the memory of nginx', async t => {
  const redis = await startRedis(t)
  const { port, url: direct } = await build(t, { redisUrl: redis.url, config: { MAX_BUFFERED_BYTES: 65_536 } })
  const { url } = await startNginx(t, documentedNginx([port]))
  const stuck = await fetch(`${url}/channels/news/events`)
  t.teardown(() => stuck.body?.cancel())
  const message = 'x'.repeat(65_536)
  await until(async () => {
    for (let i = 0; i < 10; i++) await publish(direct, 'news', message)
    return (await redis.cli('PUBSUB', 'NUMSUB', 'news')) === 'news\n0'
  }, 'the client is cut')
  t.pass('the gateway has let it go')
})

t.test('an upstream connection serves one publish after the other, and no stream ends under a publish', async t => {
  const { app, port } = await build(t)
  let connections = 0
  app.server.on('connection', () => connections++)
  const { url } = await startNginx(t, documentedNginx([port]))
  for (let i = 0; i < 5; i++) {
    t.equal((await publish(url, 'news', 'hello')).status, 200)
  }
  t.equal(connections, 1)
  for (let i = 0; i < 20; i++) {
    const stream = await fetch(`${url}/channels/news/events?timeout=0.01`)
    t.match(await stream.text(), /^retry: /)
    t.equal((await publish(url, 'news', 'hello')).status, 200)
  }
  // nginx would keep the connection of a stream that ended, and might publish on it while it closes.
  for (const accept of ['text/event-stream', 'application/x-ndjson']) {
    const request = get({ port, path: '/channels/news/events?timeout=0.01', headers: { accept } })
    const [response] = (await once(request, 'response')) as [IncomingMessage] // as node:http says
    t.equal(response.headers.connection, 'close')
    response.resume()
  }
})

t.test('an idle upstream connection is closed by nginx and not by the gateway, which would race a request', async t => {
  const { app, port } = await build(t)
  t.ok(app.server.keepAliveTimeout > 60_000, 'longer than the default of keepalive_timeout in an upstream')
  const http = documentedNginx([port]).replace('keepalive 32;', 'keepalive 32; keepalive_timeout 1s;')
  const { url } = await startNginx(t, http)
  const connected = once(app.server, 'connection') as Promise<[Socket]> // as node:http says
  await publish(url, 'news', 'hello')
  const [socket] = await connected
  await once(socket, 'end')
  t.pass('the end came from nginx')
})

t.test('a gateway that drains asks for each connection to be closed, before it closes them itself', async t => {
  const { port, process } = await startGateway(t)
  process.kill('SIGTERM')
  let connection: string | undefined
  await until(async () => {
    const [response] = (await once(get({ port, path: '/readyz' }), 'response')) as [IncomingMessage] // as node:http says
    response.resume()
    connection = response.headers.connection
    return response.statusCode === 503
  }, 'it drains')
  t.equal(connection, 'close')
})

t.test('over HTTP/2 one connection carries more streams than a browser opens over HTTP/1.1', async t => {
  const { port } = await build(t)
  const http = documentedNginx([port]).replace('listen 80;', 'listen 80 http2;')
  const { url } = await startNginx(t, http)
  const session = connectHttp2(url)
  t.teardown(() => session.destroy())
  const streams = Array.from({ length: 20 }, () => session.request({ ':path': '/channels/news/events' }))
  await Promise.all(streams.map(stream => once(stream, 'response')))
  const messages = Promise.all(streams.map(stream => readUntilHello(stream)))
  const post = session.request({ ':path': '/channels/news', ':method': 'POST' })
  post.end('hello')
  const [{ ':status': status }] = await once(post, 'response')
  t.equal(status, 200)
  await messages
})

t.test('no silent loss behind nginx while one of two gateways stops, and then the other', async t => {
  const redis = await startRedis(t)
  const environment = { ALLOW_ANYONE_WITHOUT_ACCESS_RULES: 'true', REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '5000' }
  const [one, two] = await Promise.all([startGateway(t, environment), startGateway(t, environment)])
  const { url } = await startNginx(t, documentedNginx([one.port, two.port]))
  // Without health checks nginx sends it requests until the very end: the last are refused with 503, or meet the end and get nginx's own 502.
  await stopIsSurvived(t, url, one, [200, 502, 503])
  await two.stop('SIGTERM')
  await absenceIsTold(t, url)
})

async function readUntilHello(stream: ClientHttp2Stream): Promise<void> {
  let text = ''
  for await (const chunk of stream) {
    text += chunk
    if (text.includes('data: hello\n\n')) return
  }
  throw new Error(`the stream ended with ${text}`)
}
