import { readFile } from 'node:fs/promises'
import t from 'tap'
import type { Config } from '../../src/config/config.js'
import { packageFile } from '../../src/support/package.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'

const redis = await startRedis(t)
const start = (t: import('tap').Test, config: Partial<Config> = {}) =>
  build(t, { redisUrl: redis.url, config: config as Config })

const TOKEN = { authorization: 'Bearer any' }

async function ask(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init)
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers })

t.test('the frames of a stream are exactly these', async t => {
  const { url } = await start(t)
  const ended = new AbortController()
  const response = await fetch(`${url}/upstash/psubscribe/n*/[mn]ews`, { signal: ended.signal })
  t.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk)
  })().catch(() => {})
  await until(() => text.includes('psubscribe,[mn]ews,2'), 'both are live')
  await post(`${url}/upstash`, ['PUBLISH', 'news', 'a\nb'])
  await until(() => text.split('pmessage').length === 3, 'both copies')
  ended.abort()
  await reading
  const [subscribed, retry, ...messages] = text.split(/(?<=,2\n\n)|(?<=retry: \d+\n)/)
  t.equal(subscribed, 'data: psubscribe,n*,1\n\ndata: psubscribe,[mn]ews,2\n\n')
  t.match(retry, /^retry: \d+\n$/)
  t.same(messages.join('').trim().split('\n\n').sort(), [
    'data: pmessage,[mn]ews,news,"a\\nb"',
    'data: pmessage,n*,news,"a\\nb"',
  ])
})

t.test('a gap is a comment', async t => {
  const own = await startRedis(t)
  const { url } = await build(t, { redisUrl: own.url })
  const ended = new AbortController()
  const response = await fetch(`${url}/upstash/subscribe/news`, { signal: ended.signal })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk)
  })().catch(() => {})
  await until(() => text.includes('data: subscribe,news,1\n\n'), 'it is live')
  await own.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => /^: gap \{.*\}\n/m.test(text), 'the gap is told')
  const gap = JSON.parse(/^: gap (.*)$/m.exec(text)?.[1] ?? '')
  t.match(gap, { channel: 'news', reason: 'redis_connection_lost', from: String, to: String })
  ended.abort()
  await reading
})

t.test('while Redis is away the stream opens, and says when it is live', async t => {
  const own = await startRedis(t)
  const { url } = await build(t, { redisUrl: own.url, config: { OPEN_TIMEOUT_MS: 50 } as Config })
  await own.stop()
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'it is away')
  const ended = new AbortController()
  const response = await fetch(`${url}/upstash/subscribe/news/sport`, { signal: ended.signal })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk)
  })().catch(() => {})
  await until(() => text.startsWith(': Redis is away'), 'it opens')
  t.notMatch(text, /^data:/m)
  t.match(await post(`${url}/upstash`, ['PUBLISH', 'news', 'x']), { status: 503, body: { error: /^ERR / } })
  t.match(await post(`${url}/upstash`, ['PUBSUB', 'CHANNELS']), { status: 503, body: { error: /^ERR / } })
  t.match((await post(`${url}/upstash/pipeline`, [['PUBLISH', 'news', 'x'], ['PING']])).body, [
    { error: /^ERR / },
    { result: 'PONG' },
  ])
  await startRedis(t, { port: own.port })
  await until(() => text.includes('data: subscribe,news,1\n\ndata: subscribe,sport,2\n\n'), 'it is live')
  ended.abort()
  await reading
})

t.test('the path form, by GET and by POST', async t => {
  const { url } = await start(t)
  const heard = fetch(`${url}/channels/path:1/events?limit=4&format=envelope`).then(response => response.text())
  await until(async () => (await redis.cli('PUBSUB', 'CHANNELS', 'path:1')) !== '', 'it listens')
  t.same(await ask(`${url}/upstash/publish/path:1/hello%20%2F%20%C3%BC`, { headers: TOKEN }), {
    status: 200,
    type: 'application/json; charset=utf-8',
    body: { result: 1 },
  })
  t.same((await ask(`${url}/upstash/PUBLISH/path:1/`, { headers: TOKEN })).body, { result: 1 })
  t.same((await post(`${url}/upstash/publish/path:1`, '{"raw": true}')).body, { result: 1 })
  const bytes = { method: 'POST', body: Buffer.from([0, 0xff]) }
  t.same((await ask(`${url}/upstash/publish/path:1`, bytes)).body, { result: 1 })
  const data = (await heard).split('\n').filter(line => line.startsWith('data: '))
  t.same(
    data.map(line => JSON.parse(line.slice(6)).data),
    ['hello / ü', '', '{"raw": true}', 'AP8='],
  )
  t.same((await ask(`${url}/upstash/ping`)).body, { result: 'PONG' })
  t.same((await ask(`${url}/upstash/echo/x`, { headers: { 'upstash-encoding': 'base64' } })).body, { result: 'eA==' })
  t.same((await post(`${url}/upstash/echo`, 'body')).body, { result: 'body' })
  t.same((await ask(`${url}/upstash/pubsub/numsub/a/b`)).body, { result: ['a', 0, 'b', 0] })
})

t.test('arguments may be numbers and booleans', async t => {
  const { url } = await start(t)
  t.same((await post(`${url}/upstash`, ['ECHO', 1.5])).body, { result: '1.5' })
  t.same((await post(`${url}/upstash`, ['ECHO', true])).body, { result: 'true' })
  for (const argument of [null, {}, [], ['x'], '\ud800'])
    t.match(await post(`${url}/upstash`, ['ECHO', argument]), {
      status: 400,
      body: { error: /^ERR failed to parse command: / },
    })
})

t.test('errors have the form of the protocol, with a status', async t => {
  const { url } = await start(t, { MAX_BATCH_MESSAGES: 2 })
  const cases: [string, unknown, number, RegExp][] = [
    ['', 'nonsense', 400, /^ERR failed to parse command: it is not JSON/],
    ['', '', 400, /^ERR failed to parse command/],
    ['', '{}', 400, /^ERR failed to parse command: send \[/],
    ['', [], 400, /^ERR empty command/],
    ['', ['SET', 'key', 'value'], 400, /^ERR unknown command 'set'/],
    ['', ['x'.repeat(500)], 400, /^ERR unknown command 'x{64}':/],
    ['', ['PUBLISH', 'news'], 400, /^ERR wrong number of arguments for 'publish' command$/],
    ['', ['PUBLISH', 'news', 'a', 'b'], 400, /^ERR wrong number/],
    ['', ['PING', 'a', 'b'], 400, /^ERR wrong number of arguments for 'ping' command$/],
    ['', ['PUBSUB'], 400, /^ERR wrong number of arguments for 'pubsub' command$/],
    ['', ['PUBSUB', 'CHANNELS', '[a'], 400, /^ERR Pattern "\[a" has a class/],
    ['', ['PUBSUB', 'NUMSUB', 'a b'], 400, /^ERR Channel name /],
    ['', ['PUBLISH', 'news', 'x'.repeat(65_537)], 413, /^ERR The body has 65537 bytes/],
    ['/subscribe/', '[]', 400, /^ERR subscribe is a request of its own/],
    ['/subscribe/carillon:x', '[]', 400, /^ERR The name "carillon:x" starts/],
    ['/SUBSCRIBE/news', '', 400, /^ERR subscribe is a request of its own/],
    ['/pipeline', [], 400, /^ERR failed to parse pipeline request/],
    ['/pipeline', ['PING'], 400, /^ERR failed to parse pipeline request/],
    ['/pipeline', [['PING'], ['PING'], ['PING']], 400, /^ERR a pipeline has at most 2 commands/],
    [
      '/multi-exec',
      [['PING'], ['GET', 'a']],
      400,
      /^EXECABORT Transaction discarded because of: unknown command 'get'/,
    ],
    ['/get/key', '', 400, /^ERR unknown command 'get'/],
    ['?_token=secret', ['PING'], 400, /^ERR Unknown query parameter "_token"/],
  ]
  for (const [path, body, status, error] of cases) {
    const answer = await post(`${url}/upstash${path}`, body)
    t.match(answer, { status, type: 'application/json; charset=utf-8', body: { error } }, `${path} ${status}`)
  }
  t.match(await post(`${url}/upstash`, ['PING'], { 'upstash-encoding': 'hex' }), { status: 400 })
  t.match(await post(`${url}/upstash`, ['PING'], { 'upstash-response-format': 'resp2' }), {
    status: 400,
    body: { error: /^ERR the only Upstash-Response-Format here is json/ },
  })
})

t.test('no link publishes: a GET does so with an Authorization header only', async t => {
  const { url } = await start(t)
  t.match(await ask(`${url}/upstash/publish/news/x`), { status: 401, body: { error: /^WRONGPASS to publish by GET/ } })
  t.match(await ask(`${url}/upstash/publish/news/x`, { headers: TOKEN }), { status: 200 })

  const guarded = await start(t, { JWT_SECRET: secret, JWT_COOKIE: 'session' } as Partial<Config>)
  const cookie = `session=${await sign({ claims: { carillon: { publish: ['*'] } } })}`
  t.match(await ask(`${guarded.url}/upstash/publish/news/x`, { headers: { cookie } }), { status: 401 })
})

t.test('without credentials there is nothing where there are rules', async t => {
  const { url } = await start(t, { JWT_SECRET: secret } as Partial<Config>)
  for (const answer of [
    await post(`${url}/upstash`, ['PING']),
    await post(`${url}/upstash/pipeline`, [['PING']]),
    await ask(`${url}/upstash/subscribe/news`),
  ])
    t.match(answer, { status: 401, body: { error: /^WRONGPASS / } })
})

t.test('a page of an origin that is allowed may send what the package sends', async t => {
  const { url } = await start(t, { ALLOWED_ORIGINS: 'https://app.example' } as Partial<Config>)
  const { headers } = await fetch(`${url}/upstash`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  })
  const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(', ')
  const source = await readFile(packageFile('node_modules/@upstash/redis/nodejs.js'), 'utf8')
  const sent = new Set([...source.matchAll(/"(upstash-[\w-]+)"/gi)].map(([, name = '']) => name.toLowerCase()))
  t.ok(sent.size >= 5)
  for (const name of [...sent, 'authorization', 'content-type', 'cache-control']) t.ok(allowed?.includes(name), name)
})

t.test('UPSTASH=false takes it away', async t => {
  const { url } = await start(t, { UPSTASH: false } as Partial<Config>)
  for (const path of ['', '/pipeline', '/subscribe/news', '/ping'])
    t.equal((await post(`${url}/upstash${path}`, ['PING'])).status, 404, path)
})

t.test('another method is refused', async t => {
  const { url } = await start(t)
  for (const path of ['', '/pipeline', '/publish/news'])
    t.equal((await fetch(`${url}/upstash${path}`, { method: 'DELETE' })).status, 405, path)
})

t.test('its publishes are counted', async t => {
  const { url } = await start(t)
  await post(`${url}/upstash/pipeline`, [
    ['PUBLISH', 'a', '1'],
    ['PUBLISH', 'b', '2'],
  ])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, /carillon_publish\w*\{[^}]*transport="upstash"[^}]*\} 2/)
})
