import t from 'tap'
import { openNdjson, openWebSocket } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { startRedis } from '../../support/redis.js'
import { until } from '../../support/until.js'

t.test('a frame out is a message: text where it is UTF-8, else binary', async t => {
  const { url } = await build(t)
  const client = await openWebSocket(t, `${url}/channels/news/ws`)
  const bodies = [
    'hello',
    '',
    'a\r\nb\0',
    '🔔\u2028',
    'x'.repeat(125),
    'x'.repeat(126),
    'x'.repeat(65_535),
    Buffer.from([0xff, 0]),
  ]
  for (const body of bodies) {
    await fetch(`${url}/channels/news?event=e`, { method: 'POST', body: Buffer.from(body) })
    const { bytes, isBinary } = await client.next()
    t.same(bytes, Buffer.from(body))
    t.equal(isBinary, typeof body !== 'string')
  }
})

t.test('with format=envelope every frame out is an envelope as text', async t => {
  const { url } = await build(t)
  const client = await openWebSocket(t, `${url}/channels/news/ws?format=envelope`)
  await fetch(`${url}/channels/news?event=e`, { method: 'POST', body: 'x' })
  client.socket.send(Buffer.from([0xff]))
  const frames = await client.take(2)
  t.same(
    frames.map(({ data }) => JSON.parse(data)),
    [
      { channel: 'news', event: 'e', data: 'x' },
      { channel: 'news', data: '/w==', encoding: 'base64' },
    ],
  )
  t.notOk(frames.some(({ isBinary }) => isBinary))
})

t.test('a frame in, text or binary, whole or in fragments, is published to the channel byte for byte', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const listener = await openWebSocket(t, `${url}/channels/news/ws`)
  const client = await openWebSocket(t, `${url}/channels/news/ws`)
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  client.socket.send('hello')
  client.socket.send('')
  client.socket.send(every)
  client.socket.send('{"type":"ping"}')
  client.socket.send('frag', { fin: false })
  client.socket.ping()
  client.socket.send('ment', { fin: true })
  client.socket.send('x'.repeat(64 * 1024))
  const expected = ['hello', '', every, '{"type":"ping"}', 'fragment', 'x'.repeat(64 * 1024)].map(body =>
    Buffer.from(body),
  )
  for (const receiver of [listener, client])
    t.same(
      (await receiver.take(6)).map(({ bytes }) => bytes),
      expected,
    )
})

t.test('a frame that is sent in the very moment of opening is published', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const listener = await openNdjson(t, `${url}/channels/news/events`)
  for (let i = 0; i < 50; i++) {
    const client = await openWebSocket(t, `${url}/channels/news/ws`)
    client.socket.send(`${i}`)
    t.equal((await listener.next()).data, `${i}`)
    client.socket.terminate()
  }
})

t.test('a message over the limit closes with 1009 and is not published', async t => {
  const { url } = await build(t, { config: { MAX_MESSAGE_BYTES: 100 } })
  const listener = await openNdjson(t, `${url}/channels/news/events`)
  for (const length of [101, 10_000]) {
    const client = await openWebSocket(t, `${url}/channels/news/ws`)
    client.socket.send('x'.repeat(length))
    t.equal((await client.closed).code, 1009, `${length} bytes`)
  }
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'next' })
  t.equal((await listener.next()).data, 'next')
})

t.test('text that is not UTF-8 closes with 1007, other broken frames with 1002', async t => {
  const { url } = await build(t)
  for (const path of ['/channels/news/ws', '/ws']) {
    const client = await openWebSocket(t, url + path)
    client.socket.send(Buffer.from([0xc3, 0x28]), { binary: false })
    t.equal((await client.closed).code, 1007, path)
    const raw = await openWebSocket(t, url + path)
    // An unmasked frame; below `ws`, which would never send one.
    Reflect.get(raw.socket, '_socket').write(Buffer.from([0x81, 0x01, 0x78]))
    t.equal((await raw.closed).code, 1002, path)
  }
  t.match(await (await fetch(`${url}/channels/news/subscribers`)).json(), { listeners: 0 })
})

t.test('pings of the client are answered, and a client that answers heartbeats stays', async t => {
  const { url } = await build(t, { config: { HEARTBEAT_SECONDS: 0.1 } })
  const client = await openWebSocket(t, `${url}/channels/news/ws`)
  const pong = new Promise<Buffer>(resolve => client.socket.once('pong', resolve))
  client.socket.ping('abc')
  t.equal((await pong).toString(), 'abc')
  let pings = 0
  client.socket.on('ping', () => pings++)
  await until(() => pings >= 5, 'five heartbeats')
  client.socket.send('alive')
  t.equal((await client.next()).data, 'alive')
})

t.test('a client that does not answer heartbeats is disconnected', async t => {
  const { url } = await build(t, { config: { HEARTBEAT_SECONDS: 0.1 } })
  const client = await openWebSocket(t, `${url}/channels/news/ws`, { autoPong: false })
  t.equal((await client.closed).code, 1001)
})

t.test('a client that leaves in any way ends its subscription', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const polite = await openWebSocket(t, `${url}/channels/news/ws`)
  const rude = await openWebSocket(t, `${url}/channels/news/ws`)
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'news'), 'news\n1')
  polite.socket.close(1000)
  rude.socket.terminate()
  t.equal((await polite.closed).code, 1000)
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'news')) === 'news\n0', 'Redis has nobody')
})

t.test('a channel that Redis refuses is reported by an error event that publishers cannot forge', async t => {
  const redis = await startRedis(t)
  await redis.cli('ACL', 'SETUSER', 'limited', 'on', '>secret', '+@all', '~*', '&carillon:*', '&open')
  const { url } = await build(t, { redisUrl: redis.url.replace('//', '//limited:secret@') })
  const refused = await openWebSocket(t, `${url}/channels/closed/ws`).catch((error: Error) => error)
  t.match(refused, { message: 'Unexpected server response: 403' })
  const client = await openWebSocket(t, `${url}/channels/open/ws`)
  await redis.cli('ACL', 'SETUSER', 'limited', '-publish')
  client.socket.send('x')
  const { data, isBinary } = await client.next()
  t.ok(isBinary)
  const { event, channel, data: detail } = JSON.parse(data)
  t.same({ event, channel }, { event: 'error', channel: 'open' })
  t.match(JSON.parse(detail), { type: 'urn:carillon:problem:channel-refused' })
})
