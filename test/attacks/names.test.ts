import t from 'tap'
import { problemUri } from '../../src/protocol/problem-types.js'
import { attackedGateway, multiplexed, refusedOverHttp, sendBatch, show } from '../support/attacked.js'
import { openWebSocket } from '../support/clients.js'
import { sameProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'

/** Names as they are, and so as JSON carries them. */
const BAD_NAMES = [
  '*',
  'a*',
  '?',
  'a?b',
  '[a]',
  ']',
  '\\',
  'a\\*',
  '{a}',
  '{',
  'a{b}c',
  '',
  ' ',
  'a b',
  ' a',
  'a ',
  '\t',
  '\n',
  'a\r\nPUBLISH other x',
  'a\0b',
  '\0',
  '\x7f',
  '\x1b[31m',
  '.',
  '..',
  '../x',
  'a/b',
  '/',
  '%2F',
  'a%2Fb',
  '%252F',
  '%00',
  'ü',
  'a\u202eb',
  '\ud83d\ude00',
  '\u2028',
  'a,b',
  'a;b',
  '"',
  "'",
  '<script>',
  '$',
  '-a',
  '_a',
  ':a',
  '__proto__',
  'a'.repeat(129),
] // prettier-ignore

t.test('a name that could mean something else is refused in every transport, and touches nothing', async t => {
  const { url, port, redis, leavesNothing } = await attackedGateway(t)
  for (const name of BAD_NAMES) {
    const what = show(name)
    const types = ['invalid-channel', 'not-found', 'method-not-allowed'] as const
    // In a path an empty segment, and dots, are other paths.
    if (!['', '.', '..'].includes(name)) await refusedOverHttp(t, port, encodeURIComponent(name), types, what)
  }
  const results = await sendBatch(
    t,
    port,
    BAD_NAMES.map(channel => ({ channel, data: 'forged' })),
  )
  for (const [i, result] of results.entries())
    t.match(result, { type: problemUri('invalid-channel'), status: 400 }, `${show(BAD_NAMES[i])}, batch`)
  const socket = await openWebSocket(t, `${url}/ws`)
  for (const channel of BAD_NAMES) {
    for (const request of [
      { type: 'publish', channel, data: 'forged' },
      { type: 'subscribe', channel },
      { type: 'unsubscribe', channel },
    ]) {
      socket.send(request)
      const answer = JSON.parse((await socket.next()).data)
      t.match(
        answer,
        { type: 'error', problem: { type: problemUri('invalid-channel') } },
        `${show(channel)}, ${request.type}`,
      )
    }
  }
  socket.socket.close()
  const post = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    return exchange(t, port, Buffer.from(requestText('POST', path, { headers, body: JSON.stringify(body) })))
  }
  const asked = BAD_NAMES.map(async name => {
    sameProblem(t, await post('/tickets', { channels: ['ok', name] }), 'invalid-channel', `${show(name)}, ticket`)
    for (const [path, body] of [
      ['/upstash', ['PUBLISH', name, 'forged']],
      ['/upstash', ['PUBSUB', 'NUMSUB', 'ok', name]],
      [
        '/upstash/multi-exec',
        [
          ['PUBLISH', 'ok', 'x'],
          ['PUBLISH', name, 'forged'],
        ],
      ],
      [`/upstash/publish/${encodeURIComponent(name)}/forged`, []],
      [`/upstash/subscribe/ok/${encodeURIComponent(name)}`, []],
    ] as const) {
      // In a path an empty segment, and dots, are other paths.
      if (path.includes('subscribe') || path.includes('publish')) if (['.', '..'].includes(name)) continue
      const answer = await post(path, body)
      t.match(
        { status: answer.status, body: JSON.parse(answer.body) },
        { status: 400, body: { error: /./ } },
        `${show(name)}, ${path}`,
      )
    }
    const [result] = JSON.parse((await post('/upstash/pipeline', [['PUBLISH', name, 'forged']])).body)
    t.match(result, { error: /./ }, `${show(name)}, pipeline`)
  })
  await Promise.all(asked)
  t.match(await redis.cli('INFO', 'commandstats'), /^((?!cmdstat_publish:).)*$/s, 'nothing was published')
  await leavesNothing('bad names')
})

t.test('a path that does not decode, or decodes to something else, is refused in every transport', async t => {
  const { port, leavesNothing } = await attackedGateway(t)
  for (const encoded of ['%', '%zz', '%c3%28', '%ff', '%e0%80%af', '%ed%a0%80', 'a%', '%u0041'])
    await refusedOverHttp(t, port, encoded, ['bad-url', 'invalid-channel'], encoded)
  for (const encoded of ['%2e%2e', '%2F', '%252F', 'a%2fb', '%5c', '%00', '%0d%0a', '%E2%80%A8', 'a%20b'])
    await refusedOverHttp(t, port, encoded, ['invalid-channel'], encoded)
  await leavesNothing('bad paths')
})

t.test('an over-long name has a problem of its own in every transport, never a bare 404', async t => {
  const { port, leavesNothing } = await attackedGateway(t)
  for (const length of [129, 8192]) await refusedOverHttp(t, port, 'a'.repeat(length), ['invalid-channel'], `${length}`)
  await refusedOverHttp(t, port, 'a'.repeat(9000), ['uri-too-long', 'invalid-channel'], '9000')
  await refusedOverHttp(t, port, 'a'.repeat(20_000), ['headers-too-large'], '20000')
  await leavesNothing('long names')
})

t.test("the gateways' own channels are closed in every transport", async t => {
  const { url, port, leavesNothing } = await attackedGateway(t)
  for (const name of ['carillon:meta:news', 'carillon:gateways', 'carillon:', 'carillon:rate:x']) {
    await refusedOverHttp(t, port, name, ['reserved-channel'], name)
    const [result] = await sendBatch(t, port, [{ channel: name, data: 'forged' }])
    t.match(result, { type: problemUri('reserved-channel') })
    const { answers } = await multiplexed(t, url, JSON.stringify({ type: 'publish', channel: name, data: 'forged' }))
    t.match(answers, [{ type: 'error', problem: { type: problemUri('reserved-channel') } }])
  }
  for (const pattern of ['carillon:*', 'carillon:meta:*', 'carillon:[a-z]*'])
    sameProblem(
      t,
      await exchange(t, port, requestText('GET', `/events?pattern=${encodeURIComponent(pattern)}`)),
      'reserved-channel',
      pattern,
    )
  await leavesNothing('reserved names')
})

t.test('a pattern that is none is refused wherever one is taken', async t => {
  const { url, port, leavesNothing } = await attackedGateway(t)
  for (const pattern of [
    '[',
    '[]',
    '[a',
    'a]',
    '[^]',
    '[z-a',
    '\\*',
    'a b',
    '',
    'a/b',
    '{a,b}',
    '\n',
    'ü*',
    '*'.repeat(129),
  ]) {
    const query = `pattern=${encodeURIComponent(pattern)}`
    for (const path of [`/events?${query}`, `/channels?${query}`])
      sameProblem(t, await exchange(t, port, requestText('GET', path)), 'invalid-pattern', path)
    const { answers } = await multiplexed(t, url, JSON.stringify({ type: 'subscribe', pattern }))
    t.match(answers, [{ type: 'error', problem: { type: problemUri('invalid-pattern') } }], show(pattern))
  }
  await leavesNothing('bad patterns')
})

t.test('a pattern made to be slow is not', async t => {
  const { url, port } = await attackedGateway(t)
  const pattern = `${'a*'.repeat(60)}b`
  const began = performance.now()
  await exchange(t, port, requestText('GET', `/channels?pattern=${pattern}`))
  const socket = await multiplexed(t, url, JSON.stringify({ type: 'subscribe', pattern }))
  t.match(socket.answers, [{ type: 'subscribed' }])
  for (let i = 0; i < 20; i++)
    await exchange(t, port, requestText('POST', `/channels/${'a'.repeat(120)}`, { body: 'x' }))
  t.ok(performance.now() - began < 20_000, 'exponential would be centuries')
})
