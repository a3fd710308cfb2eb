import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { openNdjson, openSse } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'
import { runCli, startCli } from '../support/run-cli.js'

t.test('publishes its argument or standard input, byte for byte', async t => {
  const { url } = await build(t)
  const environment = { CARILLON_URL: url }
  const stream = await openSse(t, `${url}/channels/news/events`)
  const raw = await openNdjson(t, `${url}/channels/news/events`)

  const published = await runCli(t, ['publish', 'news', 'hello world', '--event', 'greeting'], { environment })
  t.same(published, { code: 0, stdout: '{"channel":"news","receivers":1}\n', stderr: '' })
  t.match(await stream.next(), { event: 'greeting', data: 'hello world' })
  t.equal((await raw.next()).data, 'hello world')

  await runCli(t, ['publish', 'news', '-'], { environment, input: 'two\nlines\n' })
  t.equal((await raw.next()).data, 'two\nlines\n')
  const empty = await runCli(t, ['publish', 'news'], { environment, input: '' })
  t.match([empty.code, empty.stderr], [2, /^Standard input is empty/], 'more often a mistake than a message')
  await runCli(t, ['publish', 'news', '-'], { environment, input: '' })
  t.equal((await raw.next()).data, '')
  await runCli(t, ['publish', '--url', url, 'news', '--lines', '-'], { input: 'a\n\nb\r\nc' })
  t.same(
    (await raw.take(4)).map(({ data }) => data),
    ['a', '', 'b', 'c'],
  )
})

t.test('with --lines each line of bytes is a message, as it is', async t => {
  const { url } = await build(t)
  const stream = await openNdjson(t, `${url}/channels/news/events`)
  const publish = startCli(t, ['publish', 'news', '-', '--lines', '--url', url])
  const lines = [
    '{"t":"a\u2028b\u2029c\u0085d\re"}',
    Buffer.from('caf\xe9', 'latin1'),
    'x'.repeat(60_000),
    '\ufeffé',
    '',
  ]
  const bytes = Buffer.concat(lines.flatMap(line => [Buffer.from(line), Buffer.from('\n')]))
  // Cut in the middle of a character, and of a line end.
  for (const part of [bytes.subarray(0, 7), bytes.subarray(7, -4), bytes.subarray(-4)]) publish.type(part)
  publish.type('two\r')
  publish.type('\nlast\r')
  publish.leave()
  t.equal((await publish.exited).code, 0)
  const expected = [...lines, 'two', 'last\r'].map(line => Buffer.from(line).toString('base64'))
  const heard = (await stream.take(expected.length)).map(({ data, encoding }) =>
    Buffer.from(data, encoding ?? 'utf8').toString('base64'),
  )
  t.same(heard, expected)
})

t.test('reports the result in words on a terminal', async t => {
  const { url } = await build(t)
  const environment = { CARILLON_URL: url }
  const { stdout } = await runCli(t, ['publish', 'news', 'hello'], { environment, terminal: true })
  t.match(stdout.replaceAll('\x1b', '^'), '^[32mpublished^[39m to ^[1mnews')
  t.match(stdout, 'no subscribers')
  const plain = await runCli(t, ['publish', 'news', 'hello'], {
    environment: { ...environment, NO_COLOR: '1' },
    terminal: true,
  })
  t.match(plain.stdout, 'published to news: no subscribers')
  t.notMatch(plain.stdout, '\x1b')
})

t.test('with an idempotency key it is published once, no matter how often it is sent', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { HISTORY: '*', PUBLISH_RATE: '3/h' } })
  const environment = { CARILLON_URL: url }
  const publish = (...args: string[]) => runCli(t, ['publish', 'orders', ...args], { environment })
  const first = JSON.parse((await publish('one', '--idempotency-key', 'order-1')).stdout)
  t.match(first, { channel: 'orders', receivers: 0, id: /^[\w-]{10,16}$/ })
  t.same(JSON.parse((await publish('one', '--idempotency-key', 'order-1')).stdout), { ...first, replayed: true })
  const kept = (await (await fetch(`${url}/channels/orders/messages`)).json()) as { messages: { id: string }[] }
  t.same(
    kept.messages.map(({ id }) => id),
    [first.id],
  )
  const other = await publish('two', '--idempotency-key', 'order-1')
  t.same([other.code, other.stdout], [3, ''])
  t.match(other.stderr, /422/)
  const late = await publish('three', '--idempotency-key', 'order-3')
  t.equal(late.code, 4, 'too many for now, which is worth another try')
  t.match(late.stderr, /429/)
})

t.test('a URL without a scheme means http on this machine and https elsewhere', async t => {
  const { port } = await build(t)
  const local = await runCli(t, ['publish', 'news', 'a', '--url', `localhost:${port}`])
  t.same([local.code, local.stderr], [0, ''])
  const elsewhere = await runCli(t, ['publish', 'news', 'a', '--url', 'events.invalid'])
  t.match(elsewhere.stderr, /^Cannot reach https:\/\/events\.invalid: the host name does not resolve/)
})

t.test('its exit code tells whether a retry makes sense', async t => {
  const { url } = await build(t)
  const nobody = `http://127.0.0.1:${await freePort()}`
  // Takes a request and breaks off.
  const broken = createServer(({ socket }) => socket.destroy()).listen(0, '127.0.0.1')
  t.teardown(() => broken.close())
  await new Promise(resolve => broken.once('listening', resolve))
  const brokenUrl = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`
  const other = createServer((_request, response) => response.end('a page')).listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise(resolve => other.once('listening', resolve))

  const cases: [args: string[], code: number, says: RegExp][] = [
    [
      ['publish', 'no spaces', 'a', '--url', url],
      3,
      /^Invalid channel name \(400\): Channel name "no spaces" contains an invalid character \(" " at position 3\)/,
    ],
    [['publish', 'news', '{', '--json', '--url', url], 3, /^Invalid JSON/],
    [['publish', 'news', 'a', '--url', `${url}/nothing`], 3, /^Not found \(404\)/],
    [['publish', 'news', 'a', '--url', nobody], 4, /connection refused\.\nStart a gateway with: carillon/],
    [['publish', 'news', 'a', '--url', brokenUrl], 5, /may or may not have been published/],
    [['publish', 'news', 'a', '--url', 'ftp://localhost'], 2, /not the URL of a gateway/],
    [['publish', 'news', 'a', '--key', 'x'], 2, /Did you mean --idempotency-key\?/],
    [['publish', 'news', 'a', '--evnt', 'x'], 2, /Did you mean --event\?/],
    [['publsih', 'news', 'a'], 2, /^Unknown command "publsih"\. Did you mean "publish"\?/],
    [['publish', '--url', url], 2, /^Name a channel.*\nTry: carillon publish --help/],
    [['publish', 'news', 'two', 'words', '--url', url], 2, /^Put quotes around/],
    [['publish', 'news', 'a', '--nothing'], 2, /--nothing.*\nTry: carillon publish --help/],
  ]
  for (const [args, code, says] of cases) {
    const result = await runCli(t, args)
    t.same([result.code, result.stdout], [code, ''], args.join(' '))
    t.match(result.stderr, says)
    t.notMatch(result.stderr, /^ +at /m)
  }
})
