import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import { readRules } from '../../src/access/rules.js'
import { ConfigError } from '../../src/config/config.js'
import { createHandler } from '../../src/lambda.js'
import { packageFile } from '../../src/support/package.js'
import { openSse } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const ALL = { publish: ['*'], subscribe: ['*'], inspect: ['*'], admin: ['*'] }
const { key, entry } = createApiKey('function', readRules(ALL))

/** A POST of `hello` to `news` with `event=price,eur`, as each of the three sends it. */
const SOURCES = ['rest-api', 'http-api', 'function-url'] as const
type Source = (typeof SOURCES)[number]

interface Event {
  version?: string
  headers: Record<string, string | undefined>
  requestContext: { http?: { method: string; sourceIp?: string }; stage: string; identity?: object }
  [name: string]: unknown
}

const recorded = Object.fromEntries(
  await Promise.all(
    SOURCES.map(async source => [source, await readFile(packageFile(`test/lambda/events/${source}.json`), 'utf8')]),
  ),
) as Record<Source, string>

const event = (source: Source): Event => JSON.parse(recorded[source].replaceAll('KEY', key))

/** The recorded event with another request in it. */
function request(source: Source, method: string, path: string, change: Record<string, unknown> = {}): Event {
  const base = event(source)
  const { authorization = base.headers.Authorization, host = base.headers.Host } = base.headers
  const given = Object.entries({ authorization, host, ...(change.headers as object) })
  const headers = Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== ''))
  const [at = '', query = ''] = path.split('?')
  const rest = { ...change, headers, body: change.body as string | undefined }
  if (base.version === undefined) {
    const parameters = Object.fromEntries(new URLSearchParams(query))
    const lists = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]]))
    const places = { queryStringParameters: parameters, multiValueQueryStringParameters: lists }
    return { ...base, ...places, multiValueHeaders: undefined, httpMethod: method, path: at, ...rest }
  }
  const prefix = base.requestContext.stage === '$default' ? '' : `/${base.requestContext.stage}`
  const requestContext = { ...base.requestContext, http: { ...base.requestContext.http, method } }
  return { ...base, requestContext, rawPath: prefix + at, rawQueryString: query, isBase64Encoded: false, ...rest }
}

async function start(t: Test, environment: Record<string, string> = {}, given?: RedisServer) {
  const redis = given ?? (await startRedis(t))
  const rules = 'API_KEYS' in environment ? {} : { API_KEYS: JSON.stringify([entry]) }
  const handler = createHandler({
    environment: { REDIS_URL: redis.url, LOG_LEVEL: 'silent', ...rules, ...environment },
  })
  t.teardown(() => handler.close())
  return { redis, handler }
}

for (const source of SOURCES) {
  t.test(`${source}: publishes to the listeners of a gateway, and answers as it would`, async t => {
    const { redis, handler } = await start(t, { HISTORY: 'kept' })
    const { url } = await build(t, { redisUrl: redis.url })
    const listener = await openSse(t, `${url}/channels/news/events`)

    const published = await handler(event(source), {})
    t.equal(published.statusCode, 200, 'the first invocation waits for the connection')
    t.same(JSON.parse(published.body), { channel: 'news', receivers: 1 })
    t.match(await listener.next(), { event: 'price,eur', data: 'hello' }, 'byte for byte, the comma too')

    const bytes = Buffer.from([0, 255, 254, 10])
    const base64 = { body: bytes.toString('base64'), isBase64Encoded: true }
    t.equal((await handler(request(source, 'POST', '/channels/news', base64))).statusCode, 200)
    t.match(JSON.parse((await listener.next()).data), { encoding: 'base64', data: bytes.toString('base64') })

    const messages = [
      { channel: 'kept', data: 'one' },
      { channel: 'news', data: 'two' },
    ]
    const body = JSON.stringify({ messages })
    const json = { 'content-type': 'application/json' }
    const batch = await handler(request(source, 'POST', '/publish', { body, headers: json }))
    t.match(JSON.parse(batch.body), { results: [{ channel: 'kept', id: String }, { receivers: 1 }] })
    t.equal((await listener.next()).data, 'two')

    const history = await handler(request(source, 'GET', '/channels/kept'))
    t.match(JSON.parse(history.body), { history: { length: 1 } })
    t.equal((await handler(request(source, 'DELETE', '/channels/kept/history'))).statusCode, 204)
    t.notOk(JSON.parse((await handler(request(source, 'GET', '/channels/kept'))).body).history?.length, 'it is gone')
    const counts = await handler(request(source, 'GET', '/channels/news/subscribers'))
    t.match(JSON.parse(counts.body), { subscribers: 1, listeners: 1 })
    const list = await handler(request(source, 'GET', '/channels?counts=true'))
    t.match(JSON.parse(list.body).channels, [{ channel: 'news' }])
  })
}

for (const source of SOURCES) {
  t.test(`${source}: pages of the history, tickets and idempotency keys`, async t => {
    const { redis, handler } = await start(t, { HISTORY: 'kept' })
    const { url } = await build(t, {
      redisUrl: redis.url,
      config: { API_KEYS: JSON.stringify([entry]), HISTORY: 'kept' },
    })
    const ask = async (method: string, path: string, change: Record<string, unknown> = {}) => {
      const answer = await handler(request(source, method, path, change))
      return { status: answer.statusCode, body: JSON.parse(answer.body) }
    }
    const keyed = (body: string) => ({
      body,
      headers: { 'idempotency-key': '"order-1"', 'content-type': 'text/plain' },
    })
    const first = await ask('POST', '/channels/kept', keyed('one'))
    t.match(first, { status: 200, body: { channel: 'kept', id: /^[\w-]{10,16}$/ } })
    t.same(await ask('POST', '/channels/kept', keyed('one')), { status: 200, body: { ...first.body, replayed: true } })
    t.match(await ask('POST', '/channels/kept', keyed('two')), { status: 422 })
    await ask('POST', '/channels/kept', { body: 'two', headers: { 'content-type': 'text/plain' } })

    const page = await ask('GET', '/channels/kept/messages?limit=1')
    t.match(page.body, { messages: [{ id: first.body.id, data: 'one' }], next: first.body.id, more: true })
    t.match((await ask('GET', `/channels/kept/messages?after=${page.body.next}`)).body, { messages: [{ data: 'two' }] })
    t.match(await ask('GET', '/channels/plain/messages'), { status: 404 })

    const json = { 'content-type': 'application/json' }
    const ticket = await ask('POST', '/tickets', { body: '{"channels":["kept"]}', headers: json })
    t.equal(ticket.status, 201)
    const listener = await openSse(t, `${url}${ticket.body.urls.events}&last=1`)
    t.match(await listener.next(), { data: 'two' }, 'it is good at a gateway')
    t.equal((await fetch(`${url}${ticket.body.urls.events}`)).status, 401, 'once')
  })

  t.test(`${source}: who an authorizer of API Gateway let in has no rights here by that`, async t => {
    const { handler } = await start(t)
    const claims = { sub: '7', carillon: '{"admin":["*"]}' }
    // As AWS writes them: of a Lambda authorizer, of Cognito, of a JWT, and of IAM.
    const contexts = [
      { principalId: 'user', integrationLatency: 12, grants: 'admin' },
      { claims },
      { jwt: { claims, scopes: ['admin'] } },
      { lambda: { carillon: 'admin' } },
      {
        iam: {
          accessKey: 'AKIA…',
          accountId: '123456789012',
          userArn: 'arn:aws:iam::123456789012:user/x',
          userId: 'x',
        },
      },
    ]
    for (const authorizer of contexts) {
      const asked = request(source, 'POST', '/channels/news', { body: 'x', headers: { authorization: '' } })
      const requestContext = { ...asked.requestContext, authorizer }
      t.equal((await handler({ ...asked, requestContext })).statusCode, 401)
      const known = { ...event(source), requestContext: { ...event(source).requestContext, authorizer } }
      t.equal((await handler(known)).statusCode, 200, 'and a client with a key has its rights')
    }
  })
}

t.test('compressed answers are sent as base64 and arrive complete', async t => {
  const { handler } = await start(t)
  const script = await handler(
    request('function-url', 'GET', '/docs/swagger-ui-bundle.js', { headers: { 'accept-encoding': 'gzip' } }),
  )
  t.equal(script.statusCode, 200)
  t.equal(script.isBase64Encoded, true)
  t.same([...Buffer.from(script.body, 'base64').subarray(0, 2)], [0x1f, 0x8b], 'it is gzip')
})

t.test('streams and WebSockets are answered with a problem at once', async t => {
  const { handler } = await start(t)
  const upgrade = { headers: { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': '13' } }
  for (const source of SOURCES)
    for (const [path, change] of [
      ['/channels/news/events', {}],
      ['/events?channel=news', {}],
      ['/ws', upgrade],
      ['/channels/news/ws', upgrade],
      ['/channels/news/ws', {}],
    ] as const) {
      const answer = await handler(request(source, 'GET', path, change))
      t.equal(answer.statusCode, 501, `${source} ${path}`)
      t.match(answer.headers['content-type'], 'application/problem+json')
      t.match(JSON.parse(answer.body), { type: 'urn:carillon:problem:streams-unavailable', status: 501 })
    }
  const stranger = request('function-url', 'GET', '/channels/news/events', { headers: { authorization: 'Bearer no' } })
  t.equal((await handler(stranger)).statusCode, 401, 'and to strangers as everywhere')
})

t.test('rules hold as they do on a server', async t => {
  const narrow = createApiKey('narrow', readRules({ publish: ['news'] }))
  const { handler } = await start(t, { API_KEYS: JSON.stringify([narrow.entry]) })
  const ask = async (headers: Record<string, string | undefined>, path = '/channels/news') =>
    (await handler(request('function-url', 'POST', path, { headers, body: 'x' }))).statusCode
  const mine = { authorization: `Bearer ${narrow.key}` }
  t.equal(await ask(mine), 200)
  t.equal(await ask(mine, '/channels/other'), 403)
  t.equal(await ask({ authorization: undefined }), 401)
  t.equal(await ask({}), 401, 'a key that is not among them')
})

t.test('without access rules every request is refused, no matter its address and host', async t => {
  const { handler } = await start(t, { API_KEYS: '' })
  const bare = { authorization: '', host: 'localhost' }
  for (const source of SOURCES) {
    const outside = await handler(event(source))
    t.match(JSON.parse(outside.body), { type: 'urn:carillon:problem:no-access-rules', status: 403 }, source)
    const local = request(source, 'POST', '/channels/news', { body: 'x', headers: bare })
    delete local.requestContext.identity
    delete local.requestContext.http?.sourceIp
    t.equal((await handler(local)).statusCode, 403, `${source} that names no address`)
    if (local.requestContext.http) local.requestContext.http.sourceIp = '127.0.0.1'
    else local.requestContext.identity = { sourceIp: '127.0.0.1' }
    t.equal((await handler(local)).statusCode, 403, `${source} from 127.0.0.1`)
  }
  const open = await start(t, { API_KEYS: '', ALLOW_ANYONE_WITHOUT_ACCESS_RULES: 'true' })
  t.equal((await open.handler(event('http-api'))).statusCode, 200, 'unless that is what is wanted')
})

t.test('connections that died while the function was frozen are reopened', async t => {
  const { redis, handler } = await start(t, { REDIS_TIMEOUT_MS: '500' })
  // On a machine that is short of time the first connection may take longer than an invocation waits.
  await until(async () => (await handler(event('http-api'))).statusCode === 200, 'it is connected')
  for (let round = 0; round < 5; round++) {
    t.equal(await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'), '1')
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
    const next = await handler(event('http-api'))
    t.ok([200, 503].includes(next.statusCode), `${next.statusCode} ${next.body}`)
    await until(async () => (await handler(event('http-api'))).statusCode === 200, 'it works again')
  }
})

t.test('a dead connection is detected before a publish uses it', async t => {
  const { redis, handler } = await start(t, { REDIS_TIMEOUT_MS: '300' })
  t.equal((await handler(event('http-api'))).statusCode, 200)
  // As if another process had been given the processor for a while: timers and sockets of this one hear nothing.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
  redis.process.kill('SIGSTOP')
  const began = Date.now()
  const answer = await handler(event('http-api'))
  t.equal(answer.statusCode, 503, answer.body)
  t.ok(Date.now() - began < 5000, 'and it does not hang')
  redis.process.kill('SIGCONT')
  await until(async () => (await handler(event('http-api'))).statusCode === 200, 'it works again')
})

t.test('without Redis there is no function', async t => {
  t.throws(
    () => createHandler({ environment: {} }),
    new ConfigError('REDIS_URL is required on Lambda: instances of a function share nothing else'),
  )
  t.throws(() => createHandler({ environment: { REDIS_URL: 'http://x' } }), { name: 'ConfigError' })
})
