import t from 'tap'
import { multiplexed, show } from '../support/attacked.js'
import { startGateway } from '../support/gateway.js'
import { exchange, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'

const SECRETS = ['redis-pa55word', 'bearer-s3cret', 'query-s3cret', 'cookie-s3cret', 'body-s3cret', 'key-s3cret']

t.test('the log has no secret, no line that a client wrote, and no id that a client chose', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'redis-pa55word'] })
  const gateway = await startGateway(t, {
    REDIS_URL: `redis://:redis-pa55word@127.0.0.1:${redis.port}`,
    LOG_LEVEL: 'trace',
    ALLOWED_ORIGINS: 'https://app.example.com',
  })
  const { port, url } = gateway
  const headers = {
    authorization: 'Bearer bearer-s3cret',
    cookie: 'token=cookie-s3cret',
    'idempotency-key': 'key-s3cret',
    'request-id': 'forged-id',
    'x-request-id': 'forged-id',
    'user-agent': '\x1b[31mred\x1b[0m {"level":60,"msg":"forged"}',
  }
  const query = '?access_token=query-s3cret'
  for (const request of [
    requestText('POST', '/channels/news', { headers, body: 'body-s3cret' }),
    requestText('POST', `/channels/news${query}`, { headers, body: 'body-s3cret' }),
    requestText('POST', '/channels/a%0d%0a%7B%22level%22:60,%22msg%22:%22forged%22%7D', {
      headers,
      body: 'body-s3cret',
    }),
    requestText('POST', '/publish', {
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"messages":[{"channel":"body-s3cret","data":"',
    }),
    requestText('GET', `/channels/news/events${query}`, { headers }),
    requestText('GET', `/events?channel=news&${query.slice(1)}`, { headers }),
    requestText('GET', `/nothing${query}`, { headers }),
    requestText('GET', `/channels/%zz${query}`, { headers }),
    requestText('GET', '/channels', { headers: { ...headers, origin: 'https://evil.example/query-s3cret' } }),
    requestText('GET', '/channels', { headers: { ...headers, origin: 'https://app.example.com' } }),
    requestText('GET', `/channels/${'a'.repeat(9000)}${query}`, { headers }),
    requestText('GET', '/healthz', { headers: { ...headers, x: 'y'.repeat(20_000) } }),
    `GET /${query} HTTP/1.1\r\nHost: localhost\r\nbearer-s3cret\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0query-s3cret\r\n\r\n',
  ]) {
    const answer = await exchange(t, port, request)
    for (const secret of SECRETS) t.notMatch(answer.body, secret)
    t.notMatch([...answer.headers.values()].join(), 'forged-id')
  }
  for (const frame of [
    '{"type":"body-s3cret"}',
    'body-s3cret',
    '{"type":"publish","channel":"body-s3cret\\n","data":"x"}',
  ])
    await multiplexed(t, url, frame).catch(() => {})
  await redis.stop()
  await exchange(t, port, requestText('POST', '/channels/news', { headers, body: 'body-s3cret' }))
  t.equal(await gateway.stop('SIGTERM'), 0)

  const lines = gateway.output().split('\n')
  for (const secret of SECRETS) t.notMatch(gateway.output(), secret, `${secret} is nowhere`)
  t.notMatch(gateway.output(), 'forged-id')
  const log = lines.filter(line => line.startsWith('{'))
  t.ok(log.length > 5, 'there is a log')
  for (const line of log) {
    t.notSame(JSON.parse(line).msg, 'forged')
    t.ok(
      [...line].every(character => character >= ' ' && character !== '\x7f'),
      show(line),
    )
  }
  const other = lines.slice(0, -1).filter(line => !line.startsWith('{'))
  t.ok(
    other.every(line => line === '' || line.startsWith('  ')),
    'beside it there is the greeting only',
  )
})
