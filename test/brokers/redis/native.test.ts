import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { openNdjson, openSse } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { Inbox } from '../../support/inbox.js'
import { settle } from '../../support/recorder.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { connectNative, startRedisBroker } from '../../support/redis-broker.js'

const PAYLOADS = [
  Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  Buffer.alloc(0),
  Buffer.from('a\rb\nc\r\n'),
  Buffer.from('🔔'),
  Buffer.alloc(64 * 1024, 0xfe),
]

t.test('a native subscriber gets the very bytes, with an event type and without, and nothing else', async t => {
  const redis = await startRedis(t)
  const { broker } = await startRedisBroker(t, redis.url)
  const inbox = await subscribeNatively(t, redis, 'news')
  for (const data of PAYLOADS) {
    const publications = [{ data }, { data, event: 'price' }].map(item => ({ channel: 'news', ...item }))
    t.same(await broker.publish(publications), [{ receivers: 1 }, { receivers: 1 }])
    for (const bytes of await inbox.take(2)) t.ok(bytes.equals(data))
  }
  t.equal(inbox.all.length, PAYLOADS.length * 2)
})

t.test('`redis-cli SUBSCRIBE` prints what was published, also when it has an event type', async t => {
  const redis = await startRedis(t)
  const { broker } = await startRedisBroker(t, redis.url)
  const cli = spawn('redis-cli', ['-p', `${redis.port}`, 'SUBSCRIBE', 'news'])
  const exited = once(cli, 'exit')
  t.teardown(async () => {
    cli.kill()
    await exited
  })
  const lines = new Inbox<string>()
  createInterface(cli.stdout).on('line', line => lines.put(line))
  t.same(await lines.take(3), ['subscribe', 'news', '1'])
  await broker.publish([
    { channel: 'news', data: Buffer.from('hello') },
    { channel: 'news', data: Buffer.from('{"a": 1}'), event: 'price' },
  ])
  t.same(await lines.take(6), ['message', 'news', 'hello', 'message', 'news', '{"a": 1}'])
})

t.test('native publishes arrive byte for byte, by channel and by pattern', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  const native = connectNative(t, redis)
  await Promise.all([broker.subscribe(channelTopic('news')), broker.subscribe(patternTopic('new?'))])
  for (const data of PAYLOADS) {
    t.equal(await native.publish('news', data), 2)
    const copies = await recorder.messages.take(2)
    t.ok(copies.every(copy => copy.data.equals(data) && copy.event === undefined && copy.channel === 'news'))
    t.same(copies.map(({ pattern }) => pattern).sort(), ['new?', undefined])
  }
})

const ODD_NAMES = ['a b', '__proto__', 'a/b', 'a\nb', 'a,b', 'é', '\u2028', '\ufffd', 'x'.repeat(129)]

t.test('a name that only native publishers can use comes by a pattern, and our own names never do', async t => {
  const redis = await startRedis(t)
  const { broker, recorder } = await startRedisBroker(t, redis.url)
  const native = connectNative(t, redis)
  await broker.subscribe(patternTopic('*'))
  for (const name of ODD_NAMES) await native.publish(name, 'x')
  for (const name of ['carillon:', 'carillon:a,b', 'carillon:é']) await native.publish(name, 'x')
  await native.publish('fine', 'x')
  await subscribeNatively(t, redis, 'a b')
  t.same(
    (await settle(broker, recorder)).map(({ channel }) => channel),
    [...ODD_NAMES, 'fine'],
  )
  t.same(await broker.channels('*'), [], 'they cannot be used in a request, so they are not listed')
})

t.test('names that are not UTF-8 stay different, and clients get valid Unicode', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const native = connectNative(t, redis)
  const ndjson = await openNdjson(t, `${url}/events?pattern=odd:%3F&pattern=odd:%3F%3F`)
  // The same text by `toString`, each on one of the two patterns: the second must not count as a copy of the first.
  for (const tail of [[0xff], [0xe2, 0x82]]) await native.publish(Buffer.from([...Buffer.from('odd:'), ...tail]), 'x')
  t.same(await ndjson.take(2), [
    { channel: 'odd:\ufffd', data: 'x' },
    { channel: 'odd:\ufffd\ufffd', data: 'x' },
  ])
})

t.test('a name cannot forge anything in an envelope or on an Upstash stream', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { UPSTASH: true } })
  const native = connectNative(t, redis)
  const [sse, ndjson, upstash] = await Promise.all([
    openSse(t, `${url}/events?pattern=odd:*`),
    openNdjson(t, `${url}/events?pattern=odd:*`),
    openSse(t, `${url}/upstash/psubscribe/odd:*`),
  ])
  t.equal((await upstash.next()).data, 'psubscribe,odd:*,1')
  const names = ['odd:a,b', 'odd:\n\nevent: gap\ndata: {}\n\n', 'odd:"}\u2028{"channel":"news"', 'odd:grüße']
  for (const channel of names) await native.publish(channel, 'x')
  for (const channel of names) {
    t.same(JSON.parse((await sse.next()).data), { channel, data: 'x' })
    t.same(await ndjson.next(), { channel, data: 'x' })
  }
  t.equal((await upstash.next()).data, 'pmessage,odd:*,odd:grüße,x')
  t.match(upstash.text(), 'not delivered, as its name has a comma or a line end: "odd:a,b"')
})

t.test('typed and native publishers on one channel at once: each message keeps what is its own', async t => {
  const redis = await startRedis(t)
  const { broker: listening, recorder } = await startRedisBroker(t, redis.url)
  const publishers = await Promise.all([1, 2].map(() => startRedisBroker(t, redis.url)))
  const native = connectNative(t, redis)
  await Promise.all([listening.subscribe(channelTopic('news')), listening.subscribe(patternTopic('n*'))])

  // Half of the native messages have bytes of a typed one: only what stands around them tells them apart.
  const sent = []
  for (let i = 0; i < 1500; i++) {
    for (const [at, { broker }] of publishers.entries())
      sent.push(broker.publish([{ channel: 'news', data: Buffer.from(`typed ${at} ${i}`), event: `${at}.${i}` }]))
    sent.push(native.publish('news', i % 2 ? `native ${i}` : `typed 0 ${i}`))
    if (i % 100 === 0) await sent.at(-1)
  }
  await Promise.all(sent)

  const messages = await settle(listening, recorder)
  for (const pattern of [undefined, 'n*']) {
    const copies = messages.filter(message => message.pattern === pattern)
    t.equal(copies.length, 4500)
    const typed = copies.filter(({ event }) => event !== undefined)
    t.same(
      typed.filter(({ data, event }) => `typed ${event?.replace('.', ' ')}` !== `${data}`),
      [],
    )
    t.equal(new Set(typed.map(({ event }) => event)).size, 3000)
    t.equal(typed.length, 3000)
  }
})

async function subscribeNatively(t: Test, redis: RedisServer, channel: string): Promise<Inbox<Buffer>> {
  const native = connectNative(t, redis)
  const inbox = new Inbox<Buffer>()
  native.on('messageBuffer', (_channel, data: Buffer) => inbox.put(data))
  await native.subscribe(channel)
  return inbox
}
