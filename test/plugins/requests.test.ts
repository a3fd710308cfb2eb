import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import carillon, { serverOptions } from '../../src/app.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { until } from '../support/until.js'

type Line = Record<string, unknown>

/** A gateway whose log can be read. */
async function build(t: Test, settings: Partial<Config>) {
  const config = { ...defaultConfig, ...settings }
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const app = Fastify({ ...serverOptions(config), logger: { stream }, disableRequestLogging: true })
  t.teardown(() => app.close())
  await app.register(carillon, { config })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo // it listens on TCP
  /** Each line is one JSON object, or this throws. */
  const lines = (): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
  const told = (msg: string) => lines().filter(line => line.msg === msg)
  return { app, url: `http://127.0.0.1:${port}`, told, text: () => text }
}

t.test('one line tells a request: what, how it went, how long, and an id of ours', async t => {
  const { app, told } = await build(t, { LOG_REQUESTS: 'all' })
  await app.inject({
    method: 'POST',
    url: '/channels/news?event=price',
    payload: 'x',
    headers: { 'x-request-id': 'mine' },
  })
  await app.inject('/no/such/path?secret=1')
  const [publish, nowhere, ...others] = told('request')
  t.match(publish, {
    method: 'POST',
    route: '/channels/:channel',
    path: '/channels/news',
    status: 200,
    ms: Number,
    caller: 'anyone',
  })
  t.match(nowhere, { method: 'GET', path: '/no/such/path', status: 404, problem: 'not-found', level: 30 })
  t.equal(nowhere?.route, undefined)
  t.same(others, [])
  t.match(publish?.reqId, /^[\w-]{8}-\w+$/)
  t.not(publish?.reqId, nowhere?.reqId)
  for (const name of ['/healthz', '/readyz', '/metrics']) await app.inject(name)
  t.equal(told('request').length, 2, 'probes and scrapes are not told')
})

t.test('by default only failures are logged, with a limit per second', async t => {
  const { app, told } = await build(t, {})
  for (let i = 0; i < 3; i++) await app.inject({ method: 'POST', url: '/channels/news', payload: 'x' })
  t.same(told('request'), [])
  for (let i = 0; i < 100; i++) await app.inject(`/nothing/${i}`)
  const count = told('request').length
  t.ok(count >= 20 && count < 100, `${count} lines`)
  const silent = await build(t, { LOG_REQUESTS: 'none' })
  await silent.app.inject('/nothing')
  t.same(silent.told('request'), [])
})

t.test('clients cannot forge log lines, and lines contain no secrets', async t => {
  const { app, told, text } = await build(t, { LOG_REQUESTS: 'all' })
  await app.inject('/%0a%7B%22msg%22:%22forged%22%7D?ticket=s3cret')
  await app.inject(`/${'long'.repeat(500)}`)
  const [forged, long] = told('request')
  t.equal(forged?.path, '/%0a%7B%22msg%22:%22forged%22%7D')
  t.equal(String(long?.path).length, 257)
  t.notMatch(text(), 's3cret')
})

t.test('one line tells the end of a stream: why, and what it has carried', async t => {
  const { url, told } = await build(t, { LOG_REQUESTS: 'all' })
  const publish = (channel: string) => fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'hello' })
  const limited = await openSse(t, `${url}/channels/news/events?limit=2`)
  const many = await openSse(t, `${url}/events?${'abcdefg'.replaceAll(/./g, 'channel=$&&')}timeout=1`)
  const socket = await openWebSocket(t, `${url}/channels/news/ws`)
  for (const channel of ['news', 'news', 'a', 'b']) await publish(channel)
  await limited.untilEnd()
  await many.untilEnd()
  socket.socket.close()
  await until(() => told('stream ended').length === 3, 'all have ended')
  const end = (reason: string) => told('stream ended').find(line => line.reason === reason)
  t.match(end('limit_reached'), { transport: 'sse', topics: ['news'], messages: 2, seconds: Number, caller: 'anyone' })
  t.match(end('timeout'), { messages: 2, topics: ['a', 'b', 'c', 'd', 'e', 'and 2 more'] })
  // A text frame of five bytes has a head of two.
  t.match(end('client_gone'), { transport: 'websocket', messages: 2, bytes: 14 })
  const opened = told('request').map(({ reqId }) => reqId)
  t.ok(opened.includes(end('limit_reached')?.reqId), 'by the id of the request that opened it')
})

t.test('normal ends of streams are not logged by default', async t => {
  const { url, told } = await build(t, {})
  await (await openSse(t, `${url}/channels/news/events?timeout=0.05`)).untilEnd()
  const socket = await openWebSocket(t, `${url}/ws`)
  socket.socket.send('no request')
  await until(() => told('stream ended').length > 0, 'one end is told')
  t.match(told('stream ended'), [{ reason: 'bad_message', topics: [], level: 30 }])
})
