import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import type { Config } from '../../src/config/config.js'
import { carillon } from '../../src/index.js'
import { packageFile } from '../../src/support/package.js'
import { build, untilReady } from '../support/gateway.js'
import { hostApp, listening } from '../support/host-app.js'
import { Inbox } from '../support/inbox.js'
import { startRedis } from '../support/redis.js'
import { secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'
import { type Heard, listen, upstashClient } from '../support/upstash.js'

const redis = await startRedis(t)

const start = (t: Test, config: Partial<Config> = {}) =>
  build(t, { redisUrl: redis.url, config: { ...config } as Config })

/** A command for which the client has no method. */
const raw = (client: ReturnType<typeof upstashClient>, ...command: (string | number)[]) =>
  client.exec(command as [string, ...string[]])

t.test('publish reaches every subscriber, native ones too, and says how many they are', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  t.equal(await client.publish('nobody', 'x'), 0)
  const { heard } = await listen(t, client, ['news', 'sport'])
  t.equal(await client.publish('news', 'hello'), 1)
  t.equal(await client.publish('sport', '1:0'), 1)
  t.equal(await redis.cli('PUBLISH', 'news', 'native'), '1')
  t.same((await heard.take(3)).map(([, data]) => data).sort(byChannel), [
    { channel: 'news', message: 'hello' },
    { channel: 'news', message: 'native' },
    { channel: 'sport', message: '1:0' },
  ])
})

t.test('publishes of the package reach Carillon’s streams byte for byte', async t => {
  const { url } = await start(t)
  const response = await fetch(`${url}/channels/news/events?limit=2`, { headers: { accept: 'application/x-ndjson' } })
  const client = upstashClient(url)
  await client.publish('news', { price: 42, name: 'ü' })
  await client.publish('news', 'grüße, 🔔')
  t.equal(
    await response.text(),
    [
      { channel: 'news', data: '{"price":42,"name":"ü"}' },
      { channel: 'news', data: 'grüße, 🔔' },
    ]
      .map(line => `${JSON.stringify(line)}\n`)
      .join(''),
  )
})

t.test('psubscribe brings the pattern and the channel', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['chat:*', 'chat:[12]'], 'psubscribe')
  await client.publish('chat:1', { text: 'hello, you' })
  t.same((await heard.take(2)).map(([event, data]) => ({ event, data })).sort(byPattern), [
    { event: 'pmessage', data: { pattern: 'chat:*', channel: 'chat:1', message: { text: 'hello, you' } } },
    { event: 'pmessage', data: { pattern: 'chat:[12]', channel: 'chat:1', message: { text: 'hello, you' } } },
  ])
})

t.test('unsubscribe ends one of several, and then all: nothing stays in Redis', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard, unsubscribe } = await listen(t, client, ['left', 'kept'])
  const listed = async () => (await redis.cli('PUBSUB', 'NUMSUB', 'left', 'kept')).replaceAll('\n', ' ')
  t.equal(await listed(), 'left 1 kept 1')
  await unsubscribe(['left'])
  await until(async () => (await listed()) === 'left 0 kept 1', 'one is left')
  await client.publish('left', 'unheard')
  await client.publish('kept', 'heard')
  t.same(await heard.next(), ['message', { channel: 'kept', message: 'heard' }])
  await unsubscribe()
  await until(async () => (await listed()) === 'left 0 kept 0', 'both are left')
})

t.test('values come back as they were published, by the JSON of the package', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['values'])
  const values = [
    { a: [1, { b: null }] },
    [1, 'two'],
    42,
    -1.5,
    true,
    '',
    'a,b,,c',
    'grüße 🔔 \u2028 \u0000 \u007f',
    'two\nlines\r\nand\rmore',
    'x\ndata: message,admin,forged',
    '\n',
    'y'.repeat(60_000),
  ]
  for (const value of values) await client.publish('values', value)
  const messages = (await heard.take(values.length)).map(([, data]) => (data as { message: unknown }).message)
  t.same(messages, values)
})

t.test('JSON with line ends stays the JSON that it is', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['values'])
  await client.publish('values', JSON.stringify({ a: 1, b: 'x\ny' }, undefined, 2))
  t.same(await heard.next(), ['message', { channel: 'values', message: { a: 1, b: 'x\ny' } }])
})

t.test('without its deserialisation the text comes as it was published', async t => {
  const { url } = await start(t)
  const client = upstashClient(url, { automaticDeserialization: false })
  const { heard } = await listen(t, client, ['values'])
  const { heard: byPattern } = await listen(t, client, ['val*'], 'psubscribe')
  await client.publish('values', '{"a": 1}')
  t.same(await heard.next(), ['message', { channel: 'values', message: '{"a": 1}' }])
  t.same(await byPattern.next(), ['pmessage', { pattern: 'val*', channel: 'values', message: '{"a": 1}' }])
})

t.test('bytes that are not UTF-8 come with U+FFFD in their place', async t => {
  const { url } = await start(t)
  const { heard } = await listen(t, upstashClient(url), ['bytes'])
  await fetch(`${url}/channels/bytes`, { method: 'POST', body: Buffer.from([0x61, 0xff, 0x0a, 0x62]) })
  t.same(await heard.next(), ['message', { channel: 'bytes', message: 'a\ufffd\nb' }])
})

for (const responseEncoding of ['base64', false] as const) {
  t.test(`replies come as they are, with responseEncoding ${responseEncoding}`, async t => {
    const { url } = await start(t)
    const client = upstashClient(url, { responseEncoding, automaticDeserialization: false })
    await listen(t, client, ['news'])
    t.equal(await client.ping(), 'PONG')
    t.equal(await client.ping(['grüße'] as never), 'grüße')
    t.equal(await client.echo('grüße, 🔔'), 'grüße, 🔔')
    t.equal(await client.echo('T0s='), 'T0s=', 'text that looks like base64')
    t.same(await raw(client, 'PUBSUB', 'CHANNELS'), ['news'])
    t.same(await raw(client, 'pubsub', 'channels', 'x*'), [])
    t.same(await raw(client, 'PUBSUB', 'NUMSUB', 'news', 'nobody'), ['news', 1, 'nobody', 0])
    t.equal(await raw(client, 'PUBSUB', 'NUMPAT'), 0)
    await listen(t, client, ['n*'], 'psubscribe')
    const patterns = Number(await redis.cli('PUBSUB', 'NUMPAT'))
    t.ok(patterns > 0)
    t.equal(await raw(client, 'PUBSUB', 'NUMPAT'), patterns)
  })
}

t.test('a pipeline goes in its order, with a result for each', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['news'])
  const pipeline = client.pipeline()
  pipeline.publish('news', 'a')
  pipeline.publish('news', { b: 1 })
  pipeline.echo('x')
  pipeline.publish('nobody', 'c')
  pipeline.ping()
  pipeline.publish('news', 'd')
  t.same(await pipeline.exec(), [1, 1, 'x', 0, 'PONG', 1])
  t.same(
    (await heard.take(3)).map(([, data]) => (data as { message: unknown }).message),
    ['a', { b: 1 }, 'd'],
  )
})

t.test('a command of a pipeline that fails leaves the others alone', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['news'])
  const pipeline = client.pipeline()
  pipeline.publish('news', 'a')
  pipeline.set('key', 'value')
  pipeline.publish('not a name', 'b')
  pipeline.publish('news', 'c')
  const results = await pipeline.exec({ keepErrors: true })
  t.match(results, [
    { result: 1, error: undefined },
    { error: /^ERR unknown command 'set'/ },
    { error: /^ERR Channel name / },
    { result: 1, error: undefined },
  ])
  t.same(
    (await heard.take(2)).map(([, data]) => (data as { message: unknown }).message),
    ['a', 'c'],
  )
})

t.test('of a transaction all commands are taken or none', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['news'])
  const bad = client.multi()
  bad.publish('news', 'never')
  bad.get('key')
  await t.rejects(bad.exec(), { message: /EXECABORT Transaction discarded because of: unknown command 'get'/ })
  const good = client.multi()
  good.publish('news', 'a')
  good.publish('news', 'b')
  t.same(await good.exec(), [1, 1])
  t.same(
    (await heard.take(2)).map(([, data]) => (data as { message: unknown }).message),
    ['a', 'b'],
  )
})

t.test('the pipelining that the package does by itself', async t => {
  const { url } = await start(t)
  const client = upstashClient(url, { enableAutoPipelining: true })
  const counts = await Promise.all(Array.from({ length: 50 }, (_, i) => client.publish('news', i)))
  t.same(counts, Array(50).fill(0))
})

t.test('unsupported commands are refused clearly', async t => {
  const { url } = await start(t)
  const client = upstashClient(url)
  await t.rejects(client.get('key'), { name: 'UpstashError', message: /ERR unknown command 'get': .* no others/ })
  await t.rejects(client.publish('no spaces', 'x'), { message: /ERR Channel name / })
  await t.rejects(client.publish('carillon:x', 'x'), { message: /ERR The name "carillon:x" starts with "carillon:"/ })
  await t.rejects(raw(client, 'PUBLISH', 'news'), { message: /ERR wrong number of arguments for 'publish' command/ })
  await t.rejects(raw(client, 'PUBSUB', 'HELP'), { message: /ERR unknown subcommand 'help'/ })
  await t.rejects(raw(client, 'SUBSCRIBE', 'news'), { message: /ERR subscribe is a request of its own/ })
  await t.rejects(client.publish('news', 'x'.repeat(70_000)), { message: /ERR The body has 70000 bytes/ })
})

t.test('a refused subscription is reported by an error event', async t => {
  const { url } = await start(t, { MAX_STREAMS: 1 } as Partial<Config>)
  const client = upstashClient(url)
  const refused = async (kind: 'subscribe' | 'psubscribe', name: string) => {
    const heard = new Inbox<Heard>()
    const subscription = client[kind]([name])
    subscription.on('error', error => heard.put(['error', error]))
    const [, error] = await heard.next()
    return `${error}`
  }
  t.match(await refused('subscribe', 'no spaces'), /ERR Channel name /)
  t.match(await refused('psubscribe', '[a'), /ERR Pattern "\[a" has a class/)
  await listen(t, client, ['news'])
  t.match(await refused('subscribe', 'news'), /ERR The gateway has MAX_STREAMS streams/)
})

t.test('the token is a key or a JSON Web Token of ours, and what it grants is all it may', async t => {
  const key = createApiKey('backend', { publish: ['news'], subscribe: ['news', 'chat:*'], inspect: ['news'] })
  const rules = { API_KEYS: JSON.stringify([key.entry]), JWT_SECRET: secret } as Partial<Config>
  const { url } = await start(t, rules)
  const client = upstashClient(url, { token: key.key })
  const { heard } = await listen(t, client, ['news'])
  const { heard: chats } = await listen(t, client, ['chat:*'], 'psubscribe')
  t.equal(await client.publish('news', 'hello'), 1)
  t.same(await heard.next(), ['message', { channel: 'news', message: 'hello' }])
  await t.rejects(client.publish('sport', 'x'), { message: /NOPERM / })
  await redis.cli('PUBLISH', 'chat:7', '"native"')
  t.same(await chats.next(), ['pmessage', { pattern: 'chat:*', channel: 'chat:7', message: 'native' }])
  t.same(await raw(client, 'PUBSUB', 'CHANNELS'), ['news'])
  await t.rejects(raw(client, 'PUBSUB', 'NUMSUB', 'sport'), { message: /NOPERM / })
  await t.rejects(raw(client, 'PUBSUB', 'NUMPAT'), { message: /NOPERM / })
  const pipeline = client.pipeline()
  pipeline.publish('sport', 'x')
  pipeline.publish('news', 'again')
  t.match(await pipeline.exec({ keepErrors: true }), [{ error: /NOPERM / }, { result: 1 }])

  const token = await sign({ claims: { carillon: { publish: ['sport'] } } })
  t.equal(await upstashClient(url, { token }).publish('sport', 'x'), 0)

  for (const token of ['wrong', createApiKey('other', {}).key]) {
    const stranger = upstashClient(url, { token })
    await t.rejects(stranger.publish('news', 'x'), { message: /WRONGPASS / })
    await t.rejects(stranger.ping(), { message: /WRONGPASS / })
    const errors = new Inbox<unknown>()
    stranger.subscribe(['news']).on('error', error => errors.put(error))
    t.match(`${await errors.next()}`, /WRONGPASS/)
  }
  const errors = new Inbox<unknown>()
  client.subscribe(['sport']).on('error', error => errors.put(error))
  t.match(`${await errors.next()}`, /NOPERM/)
})

t.test('its publishes to a channel with a history are stored like all others', async t => {
  const { url } = await start(t, { HISTORY: 'kept' })
  const client = upstashClient(url)
  const { heard } = await listen(t, client, ['kept'])
  t.equal(await client.publish('kept', { price: 42 }), 1)
  const pipeline = client.pipeline()
  pipeline.publish('kept', 'two')
  pipeline.publish('plain', 'three')
  t.same(await pipeline.exec(), [1, 0])
  await fetch(`${url}/channels/kept?event=price`, { method: 'POST', body: 'four' })
  t.same(
    (await heard.take(3)).map(([, data]) => data),
    [
      { channel: 'kept', message: { price: 42 } },
      { channel: 'kept', message: 'two' },
      { channel: 'kept', message: 'four' },
    ],
  )
  const page = await (await fetch(`${url}/channels/kept/messages`)).json()
  t.match(page, { messages: [{ data: '{"price":42}' }, { data: 'two' }, { event: 'price', data: 'four' }] })
})

t.test("in an app of one's own it is under the prefix", async t => {
  const app = hostApp(t)
  await app.register(carillon, { prefix: '/live', config: { HISTORY: 'kept', REDIS_URL: redis.url } })
  const { url } = await listening(app)
  await untilReady(`${url}/live`)
  const client = upstashClient(`${url}/live`)
  const { heard } = await listen(t, client, ['kept', 'plain'])
  t.equal(await client.publish('kept', 'one'), 1)
  t.equal(await client.publish('plain', 'two'), 1)
  t.same((await heard.take(2)).map(([, data]) => data).sort(byChannel), [
    { channel: 'kept', message: 'one' },
    { channel: 'plain', message: 'two' },
  ])
  t.equal((await fetch(`${url}/upstash`, { method: 'POST', body: '["PING"]' })).status, 404)
})

t.test('its rate is the rate of all publishes', async t => {
  const { url } = await start(t, { PUBLISH_RATE: '3/m' } as Partial<Config>)
  const client = upstashClient(url)
  const pipeline = client.pipeline()
  for (let i = 0; i < 3; i++) pipeline.publish('news', i)
  t.same(await pipeline.exec(), [0, 0, 0])
  await t.rejects(client.publish('news', 'x'), { message: /ERR The caller has exceeded PUBLISH_RATE/ })
  t.equal(await client.ping(), 'PONG')
})

t.test('the snippet of the docs prints what they say', async t => {
  const { url } = await start(t)
  const page = await readFile(packageFile('docs/upstash.md'), 'utf8')
  const snippet = /```js\n(.*?)```/s.exec(page)?.[1] ?? ''
  const printed = /It prints `([^`]*)`/.exec(page)?.[1]
  const code = snippet.replace('http://127.0.0.1:3000', url)
  t.not(code, snippet)
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: packageFile('.') })
  t.teardown(() => child.kill())
  const lines = new Inbox<string>()
  for (const output of [child.stdout, child.stderr]) createInterface(output).on('line', line => lines.put(line))
  t.equal(await lines.next(), printed)
})

function byChannel(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
const byPattern = byChannel
