import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import t from 'tap'
import { carillon } from '../../src/index.js'
import { Authority } from '../support/certificates.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { hostApp, listening } from '../support/host-app.js'
import { fetchProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'

t.test('under a prefix everything works that works without', async t => {
  const app = hostApp(t)
  await app.register(carillon, { prefix: '/live' })
  const { url } = await listening(app)
  const live = `${url}/live`

  const sse = await openSse(t, `${live}/channels/news/events`)
  const ndjson = await openNdjson(t, `${live}/events?pattern=n*`)
  const bare = await openWebSocket(t, `${live}/channels/news/ws`)
  const many = await openWebSocket(t, `${live}/ws`)
  many.send({ type: 'subscribe', channel: 'news' })
  await many.next()
  const published = await fetch(`${live}/channels/news`, { method: 'POST', body: '{"a":1}' })
  t.same(await published.json(), { channel: 'news', receivers: 2 })
  t.match(await sse.next(), { data: '{"a":1}' })
  t.same(await ndjson.next(), { channel: 'news', data: '{"a":1}' })
  t.equal((await bare.next()).data, '{"a":1}')
  t.same(JSON.parse((await many.next()).data), { channel: 'news', data: '{"a":1}' })
  bare.socket.send('from the socket')
  t.match(await sse.next(), { data: 'from the socket' })

  const batch = await fetch(`${live}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ channel: 'news', data: 'b' }] }),
  })
  t.same(await batch.json(), { results: [{ channel: 'news', receivers: 2 }] })
  t.equal((await fetch(`${live}/channels?counts=true`)).status, 200)
  for (const path of ['/healthz', '/readyz', '/metrics']) t.equal((await fetch(live + path)).status, 200, path)
  const document = (await (await fetch(`${live}/openapi.json`)).json()) as { servers: { url: string }[] }
  t.same(
    document.servers.map(({ url }) => url),
    ['/live'],
  )
})

t.test('errors under the prefix are problems, those outside are the business of the app', async t => {
  const app = hostApp(t, { bodyLimit: 100 })
  app.setErrorHandler((error: Error, _request, reply) => reply.code(418).send({ mine: error.message }))
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ mine: 'not found' }))
  app.post('/echo', async request => request.body)
  app.get('/fails', async () => {
    throw new Error('broken')
  })
  await app.register(carillon, { prefix: '/live', config: { MAX_MESSAGE_BYTES: 1000 } })
  const { url, port } = await listening(app)

  await fetchProblem(t, await fetch(`${url}/live/nothing`), 'not-found')
  t.match(await (await fetch(`${url}/live`)).json(), { publish: 'POST /live/channels/{channel}' })
  await fetchProblem(t, await fetch(`${url}/live/channels/news`, { method: 'PUT' }), 'method-not-allowed')
  await fetchProblem(t, await fetch(`${url}/live/channels/a%20b/events`), 'invalid-channel')
  const post = (body: string) => fetch(`${url}/live/channels/news`, { method: 'POST', body })
  t.equal((await post('x'.repeat(1000))).status, 200, 'the limit is the setting, not the one of the app')
  await fetchProblem(t, await post('x'.repeat(1001)), 'message-too-large')

  t.same(await (await fetch(`${url}/nothing`)).json(), { mine: 'not found' })
  t.same(await (await fetch(`${url}/fails`)).json(), { mine: 'broken' })
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  t.same(await (await fetch(`${url}/echo`, { ...json, body: '{"a":1}' })).json(), { a: 1 }, 'its body parsers')
  const gzip = { ...json, headers: { ...json.headers, 'content-encoding': 'identity' } }
  t.equal((await fetch(`${url}/echo`, { ...gzip, body: '{}' })).status, 200)
  const expecting = await exchange(t, port, requestText('GET', '/fails', { headers: { Expect: 'the-unexpected' } }))
  t.equal(expecting.status, 417, 'what Node does with an expectation')
})

t.test('a hook of the app holds for the prefix, and its refusal is answered by the app', async t => {
  const app = hostApp(t)
  app.addHook('onRequest', async request => {
    if (request.headers.authorization !== 'Bearer mine')
      throw Object.assign(new Error('who are you?'), { statusCode: 401 })
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ mine: error.message }),
  )
  await app.register(carillon, { prefix: '/live' })
  const { url } = await listening(app)
  for (const path of ['/live/channels/news/events', '/live/channels', '/live/nothing']) {
    const refused = await fetch(url + path)
    t.same([refused.status, await refused.json()], [401, { mine: 'who are you?' }], path)
  }
  const headers = { authorization: 'Bearer mine' }
  await t.rejects(openWebSocket(t, `${url}/live/channels/news/ws`), /401/)
  const webSocket = await openWebSocket(t, `${url}/live/channels/news/ws`, { headers })
  t.equal((await fetch(`${url}/live/channels/news`, { method: 'POST', body: 'a', headers })).status, 200)
  t.equal((await webSocket.next()).data, 'a')
})

t.test('names that the app uses itself do not collide', async t => {
  const app = hostApp(t)
  app.decorateReply('sse', () => 'mine')
  app.decorateRequest('stream', null)
  app.addSchema({ $id: 'Problem', type: 'object', properties: { mine: { type: 'boolean' } } })
  await app.register(swagger, { openapi: { info: { title: 'mine', version: '1' } } })
  app.get('/mine', { schema: { response: { 200: { $ref: 'Problem#' } } } }, async () => ({ mine: true, other: 1 }))
  await app.register(carillon, { prefix: '/live' })
  const { url } = await listening(app)
  t.same(await (await fetch(`${url}/mine`)).json(), { mine: true })
  await fetchProblem(t, await fetch(`${url}/live/nothing`), 'not-found')
  const sse = await openSse(t, `${url}/live/channels/news/events`)
  await fetch(`${url}/live/channels/news`, { method: 'POST', body: 'a' })
  t.match(await sse.next(), { data: 'a' })
  const { paths = {}, components } = app.swagger() as { paths?: object; components?: { schemas?: object } }
  t.same(Object.keys(paths), ['/mine'], 'its document is about itself')
  t.same(Object.keys(components?.schemas ?? {}).length, 1)
})

t.test('two gateways in one app are two gateways', async t => {
  const app = hostApp(t)
  await app.register(carillon, { prefix: '/a' })
  await app.register(carillon, { prefix: '/:tenant/b' })
  const { url } = await listening(app)
  const [a, b] = [
    await openWebSocket(t, `${url}/a/channels/news/ws`),
    await openSse(t, `${url}/x/b/events?channel=news`),
  ]
  const bSocket = await openWebSocket(t, `${url}/x/b/channels/news/ws`)
  await fetch(`${url}/a/channels/news`, { method: 'POST', body: 'for a' })
  await fetch(`${url}/x/b/channels/news`, { method: 'POST', body: 'for b' })
  t.equal((await a.next()).data, 'for a')
  t.same(JSON.parse((await b.next()).data), { channel: 'news', data: 'for b' })
  t.equal((await bSocket.next()).data, 'for b')
})

t.test('a WebSocket server that is there already does the handshakes of both', async t => {
  const app = hostApp(t)
  await app.register(websocket)
  app.get('/echo', { websocket: true }, socket => {
    socket.on('message', data => socket.send(`echo ${data}`))
  })
  await app.register(carillon, { prefix: '/live', config: { MAX_MESSAGE_BYTES: 10 } })
  const { url } = await listening(app)
  const echo = await openWebSocket(t, `${url}/echo`)
  echo.socket.send('hello')
  t.equal((await echo.next()).data, 'echo hello')
  const live = await openWebSocket(t, `${url}/live/channels/news/ws`)
  live.socket.send('hello')
  t.equal((await live.next()).data, 'hello')
  live.socket.send('eleven bytes')
  t.equal((await live.closed).code, 1009)
  await t.rejects(openWebSocket(t, `${url}/live/channels/news/events`), /400/)
})

t.test('a WebSocket server that is registered later must be registered first', async t => {
  const app = hostApp(t)
  await app.register(carillon, { prefix: '/live' })
  await app.register(websocket)
  await t.rejects(async () => app.ready(), /register it before/)
})

t.test('upgrades to other paths are left to other listeners', async t => {
  const app = hostApp(t)
  const others: string[] = []
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    if (!request.url?.startsWith('/other')) return
    others.push(request.url)
    socket.end('HTTP/1.1 426 Mine\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  await app.register(carillon, { prefix: '/live' })
  const { url } = await listening(app)
  await t.rejects(openWebSocket(t, `${url}/other`), /426/)
  t.same(others, ['/other'])
  const live = await openWebSocket(t, `${url}/live/channels/news/ws`)
  live.socket.send('hello')
  t.equal((await live.next()).data, 'hello')
})

t.test('without other upgrade handlers, upgrades to other paths are plain requests', async t => {
  const app = hostApp(t)
  app.get('/mine', async () => 'mine')
  await app.register(carillon, { prefix: '/live' })
  const { url, port } = await listening(app)
  const head = { Upgrade: 'websocket', 'Sec-WebSocket-Key': 'a', 'Sec-WebSocket-Version': '13' }
  const answer = await exchange(
    t,
    port,
    requestText('GET', '/mine', { headers: { ...head, connection: 'Upgrade, close' } }),
  )
  t.same([answer.status, answer.body], [200, 'mine'])
  await t.rejects(openWebSocket(t, `${url}/live/nothing`), /404/)
})

t.test('a server with TLS serves streams as well', async t => {
  const authority = await Authority.make(t)
  const { cert, key } = await authority.issue('IP:127.0.0.1')
  const app = hostApp(t, { https: { cert: await readFile(cert), key: await readFile(key) } })
  await app.register(carillon, { prefix: '/live' })
  const { port } = await listening(app)
  const tls = { ca: await readFile(authority.cert), host: '127.0.0.1', port, agent: false as const }
  const body = await new Promise<string>((resolve, reject) => {
    const stream = httpsRequest({ ...tls, path: '/live/channels/news/events?limit=2' }, response => {
      let text = ''
      response.on('data', chunk => (text += chunk))
      response.on('end', () => resolve(text))
      for (const message of ['one', 'two'])
        httpsRequest({ ...tls, path: '/live/channels/news', method: 'POST' })
          .on('error', reject)
          .end(message)
    })
    stream.on('error', reject).end()
  })
  t.match(
    body
      .replace(/^retry: \d+\n/, '')
      .split('\n\n')
      .sort()
      .join('|'),
    '|data: one|data: two',
  )
})

t.test('settings that cannot work are reported at the start', async t => {
  const two = hostApp(t, { http2: true } as object)
  await t.rejects(async () => two.register(carillon, { prefix: '/live' }), /HTTP\/1\.1/)
  const lines: string[] = []
  const short = hostApp(t, {
    routerOptions: { maxParamLength: 100 },
    logger: { level: 'warn', stream: { write: (line: string) => lines.push(line) } },
  } as object)
  await short.register(carillon, { prefix: '/live' })
  t.match(lines.join(''), /over 100 characters/)
})

t.test('closing the app ends the streams politely', async t => {
  const app = hostApp(t)
  await app.register(carillon, { prefix: '/live' })
  const { url } = await listening(app)
  const sse = await openSse(t, `${url}/live/channels/news/events`)
  const webSocket = await openWebSocket(t, `${url}/live/ws`)
  const started = Date.now()
  await app.close()
  await sse.untilEnd()
  t.match(sse.text(), /retry: \d+\n$/)
  t.equal((await webSocket.closed).code, 1012)
  t.ok(Date.now() - started < 10_000)
})
