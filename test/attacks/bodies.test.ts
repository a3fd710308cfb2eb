import t from 'tap'
import type { ProblemType } from '../../src/protocol/problem-types.js'
import { attackedGateway, multiplexed } from '../support/attacked.js'
import { sameProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'

const JSON_TYPE = { 'content-type': 'application/json' }
const DEEP = '['.repeat(200_000)

t.test('a body that is wrong is refused, on both paths that take one, and nothing of it is published', async t => {
  const { port, redis, leavesNothing } = await attackedGateway(t, { MAX_BATCH_BYTES: 1_000_000 })
  const cases: [what: string, headers: Record<string, string>, body: string, type: ProblemType, batch?: ProblemType][] =
    [
      ['bad JSON', JSON_TYPE, '{"a":', 'invalid-json'],
      ['JSON with more behind it', JSON_TYPE, '{} {}', 'invalid-json'],
      ['JSON with NUL', JSON_TYPE, '{"a":"\0"}', 'invalid-json'],
      ['JSON that is not UTF-8', JSON_TYPE, '"\xff"', 'invalid-json'],
      ['no JSON at all', JSON_TYPE, '', 'invalid-json'],
      ['NaN', JSON_TYPE, 'NaN', 'invalid-json'],
      [
        'a kind of JSON',
        { 'content-type': 'application/cloudevents+json' },
        '{',
        'invalid-json',
        'unsupported-media-type',
      ],
      ['arrays 60,000 deep', JSON_TYPE, '['.repeat(60_000), 'invalid-json'],
      ['closed arrays', JSON_TYPE, '['.repeat(30_000) + ']'.repeat(30_000), 'invalid-json'],
      ['objects', JSON_TYPE, '{"a":'.repeat(12_000), 'invalid-json'],
      ['arrays 200,000 deep', JSON_TYPE, DEEP, 'message-too-large', 'invalid-json'],
      ['too much', {}, 'x'.repeat(65_537), 'message-too-large', 'unsupported-media-type'],
      ['gzip', { 'content-encoding': 'gzip' }, '\x1f\x8b', 'unsupported-media-type'],
      ['several codings', { 'content-encoding': 'identity, gzip' }, 'x', 'unsupported-media-type'],
      ['spaces in the type', { 'content-type': 'application/json ;charset=utf-8' }, '{', 'invalid-json'],
      ['a tab in the type', { 'content-type': 'application/json\t' }, '{', 'invalid-json'],
      ['two spaces', { 'content-type': 'application/json;  charset=utf-8' }, '{', 'invalid-json'],
      ['an empty parameter', { 'content-type': 'application/json;\t;' }, '{', 'invalid-json'],
      ['an empty type', { 'content-type': '' }, '{}', 'unsupported-media-type'],
      ['two types', { 'content-type': 'text/plain, application/json' }, '{', 'unsupported-media-type'],
      ['a type that is none', { 'content-type': '__proto__' }, '{', 'unsupported-media-type'],
      ['half a quoted string', { 'content-type': 'text/plain; a="b' }, 'x', 'unsupported-media-type'],
    ]
  for (const [what, headers, body, type, batchType = type] of cases) {
    const began = performance.now()
    const post = (path: string) => {
      const head = requestText('POST', path, { headers: { ...headers, 'content-length': `${body.length}` } })
      return exchange(t, port, Buffer.from(head + body, 'latin1'))
    }
    sameProblem(t, await post('/channels/news'), type, what)
    sameProblem(t, await post('/publish'), batchType, `${what}, batch`)
    const ticket = await post('/tickets')
    const isJson = /^application\/json(?:\s*;\s*(?:charset=utf-8|;)|\t)?$/.test(headers['content-type'] ?? '')
    sameProblem(t, ticket, isJson || type === 'message-too-large' ? type : 'unsupported-media-type', `${what}, ticket`)
    for (const path of ['/upstash', '/upstash/pipeline', '/upstash/multi-exec']) {
      const { status, body } = await post(path)
      // Its protocol has no content types: what is JSON here is none of its commands.
      t.ok(status >= 400 && status < 500, `${what}, ${path}: ${status}`)
      t.type(JSON.parse(body).error, 'string')
    }
    t.ok(performance.now() - began < 10_000, `${what}: in bounded time`)
  }
  t.notMatch(await redis.cli('INFO', 'commandstats'), /cmdstat_publish:/)
  await leavesNothing('bad bodies')
})

t.test('a batch that is none, or holds something else, publishes nothing of what is wrong', async t => {
  const { port, leavesNothing } = await attackedGateway(t, { MAX_BATCH_MESSAGES: 5 })
  const post = (value: unknown) =>
    exchange(t, port, requestText('POST', '/publish', { headers: JSON_TYPE, body: JSON.stringify(value) }))
  const item = { channel: 'news', data: 'x' }
  for (const value of [
    null,
    1,
    'x',
    [],
    [item],
    {},
    { messages: null },
    { messages: {} },
    { messages: [] },
    { messages: [item], more: 1 },
    { messages: Array(6).fill(item) },
    { message: [item] },
  ]) // prettier-ignore
    sameProblem(t, await post(value), 'invalid-request', JSON.stringify(value).slice(0, 60))
  const bad = [
    null,
    1,
    [],
    {},
    { ...item, data: 1, encoding: 'base64' },
    { ...item, channel: ['news'] },
    { ...item, encoding: 'hex' },
    { ...item, more: 1 },
    { data: 'x' },
    { ...item, data: 'a===', encoding: 'base64' },
    { ...item, data: '\ud800' },
  ]
  for (const value of bad) {
    const answer = await post({ messages: [value, item] })
    t.match(
      JSON.parse(answer.body),
      { results: [{ status: 400 }, { channel: 'news', receivers: 0 }] },
      JSON.stringify(value),
    )
  }
  await leavesNothing('bad batches')
})

t.test('names that JavaScript gives a meaning are strings like any other, and pollute nothing', async t => {
  const { url, port, leavesNothing } = await attackedGateway(t)
  const body =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"messages":[{"channel":"news","data":"x"}]}'
  sameProblem(
    t,
    await exchange(t, port, requestText('POST', '/publish', { headers: JSON_TYPE, body })),
    'invalid-request',
    'batch',
  )
  const item = '{"messages":[{"channel":"news","data":"x","__proto__":{"encoding":"base64"}}]}'
  const answer = await exchange(t, port, requestText('POST', '/publish', { headers: JSON_TYPE, body: item }))
  t.match(JSON.parse(answer.body), { results: [{ status: 400 }] })
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const passed = await exchange(
      t,
      port,
      requestText('POST', '/channels/news', { headers: { [name]: 'x' }, body: 'x' }),
    )
    t.equal(passed.status, 200, `${name} as a header`)
    sameProblem(
      t,
      await exchange(t, port, requestText('GET', `/channels?${name}=1`)),
      'invalid-request',
      `${name} in a query`,
    )
    sameProblem(
      t,
      await exchange(t, port, requestText('GET', `/channels?${name}[polluted]=1`)),
      'invalid-request',
      name,
    )
    const { answers, code } = await multiplexed(t, url, `{"type":"ping","${name}":{"polluted":1}}`)
    t.match({ answers, code }, { answers: [{ type: 'error' }], code: 1008 }, `${name} in a frame`)
    const typed = await multiplexed(t, url, `{"type":"${name}"}`)
    t.match(typed, { answers: [{ type: 'error' }], code: 1008 }, `${name} as a type`)
  }
  t.notOk('polluted' in {})
  await leavesNothing('prototypes')
})
