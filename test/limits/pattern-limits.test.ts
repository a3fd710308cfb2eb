import t, { type Test } from 'tap'
import type { Config } from '../../src/config/config.js'
import { problemUri } from '../../src/protocol/problem-types.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const open = { ALLOW_ANYONE_WITHOUT_ACCESS_RULES: true, TRUST_PROXY: '1' }
const from = (address: string) => ({ 'x-forwarded-for': address })
const query = (...patterns: string[]) => patterns.map(pattern => `pattern=${pattern}`).join('&')

const limited = async (t: Test, config: Partial<Config>) => {
  const { url } = await build(t, { config: { ...open, ...config } })
  const stream = (patterns: readonly string[], address = '192.0.2.1') =>
    openSse(t, `${url}/events?${query(...patterns)}`, from(address))
  /** Whether it is refused; otherwise it is open and stays so. */
  const isRefused = async (patterns: readonly string[], address?: string) => {
    const { response, text } = await stream(patterns, address)
    t.equal(response.status, 200)
    await until(async () => text() !== '', 'it has begun')
    return text().includes('too-many-patterns')
  }
  return { url, stream, isRefused }
}

t.test('a stream over the patterns of a caller is opened only to say when to come back', async t => {
  const { url, stream, isRefused } = await limited(t, { MAX_PATTERNS_PER_CALLER: 3 })
  const first = await stream(['a*', 'b*'])
  t.ok(await isRefused(['c*', 'd*']))
  const refused = await stream(['c*', 'd*'])
  await refused.untilEnd()
  t.match(
    refused.text(),
    /^retry: \d+\n(:\n)*event: error\ndata: \{"pattern":"c\*".*too-many-patterns.*\}\n\nretry: \d+\n$/,
  )
  const ndjson = await openNdjson(t, `${url}/events?${query('c*', 'd*')}`, from('192.0.2.1'))
  await ndjson.untilEnd()
  t.match(ndjson.all, [{ pattern: 'c*', event: 'error' }])

  t.notOk(await isRefused(['a*', 'b*', 'c*']), 'the same patterns once more cost nothing')
  t.notOk(await isRefused(['c*', 'd*'], '192.0.2.2'), 'another address')
  t.equal((await fetch(`${url}/events?channel=news&timeout=0.01`, { headers: from('192.0.2.1') })).status, 200)
  first.close()
})

t.test('a pattern makes room when its last stream has ended', async t => {
  const { stream, isRefused } = await limited(t, { MAX_PATTERNS_PER_CALLER: 2 })
  const streams = [await stream(['a*', 'b*']), await stream(['b*'])]
  t.ok(await isRefused(['c*']))
  streams[1]?.close()
  t.ok(await isRefused(['c*']), 'another stream still has it')
  streams[0]?.close()
  await until(async () => !(await isRefused(['c*', 'd*'])), 'there is room again')
})

t.test('all callers together have a limit, which counts each pattern once', async t => {
  const { url, isRefused } = await limited(t, { MAX_PATTERNS: 2 })
  t.notOk(await isRefused(['a*'], '192.0.2.1'))
  t.notOk(await isRefused(['a*', 'b*'], '192.0.2.2'))
  t.ok(await isRefused(['c*'], '192.0.2.3'))
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, /^carillon_patterns 2$/m)
  t.match(metrics, /^carillon_patterns_refused_total 1$/m)
  t.match(metrics, /^carillon_streams_closed_total\{reason="too_many_patterns"\} 1$/m)
})

t.test('a frame over the limit is answered with an error, and the connection stays open', async t => {
  const { url } = await limited(t, { MAX_PATTERNS_PER_CALLER: 2 })
  const webSocket = await openWebSocket(t, `${url}/ws`)
  const ask = async (frame: object) => {
    webSocket.send(frame)
    return JSON.parse((await webSocket.next()).data)
  }
  for (const pattern of ['a*', 'b*'])
    t.match(await ask({ type: 'subscribe', pattern }), { type: 'subscribed', pattern })
  const problem = { type: problemUri('too-many-patterns'), status: 429 }
  t.match(await ask({ type: 'subscribe', pattern: 'c*', ref: 1 }), { type: 'error', ref: 1, problem })
  t.match(await ask({ type: 'subscribe', channel: 'news' }), { type: 'subscribed' }, 'channels are no patterns')
  await ask({ type: 'unsubscribe', pattern: 'a*' })
  t.match(await ask({ type: 'subscribe', pattern: 'c*' }), { type: 'subscribed', pattern: 'c*' })
})

t.test('a request that can never fit gets an error, and so does a stream of Upstash’s protocol', async t => {
  const { url, stream } = await limited(t, { MAX_PATTERNS_PER_CALLER: 2 })
  const never = await fetch(`${url}/events?${query('a*', 'b*', 'c*')}`)
  await fetchProblem(t, never, 'too-many-subscriptions')
  await stream(['a*', 'b*'])
  const refused = await fetch(`${url}/upstash/psubscribe/c*`, { headers: from('192.0.2.1') })
  t.equal(refused.status, 429)
  await refused.arrayBuffer()
})

t.test('one address can bring no more than the default number of patterns to Redis', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: open })
  const webSockets = await Promise.all(
    [1, 2, 3].map(() => openWebSocket(t, `${url}/ws`, { headers: from('192.0.2.1') })),
  )
  let refused = 0
  for (const [i, webSocket] of webSockets.entries()) {
    for (let j = 0; j < 100; j++) webSocket.send({ type: 'subscribe', pattern: `p${i}:${j}:*` })
    for (let j = 0; j < 100; j++) if (JSON.parse((await webSocket.next()).data).type === 'error') refused++
  }
  t.equal(refused, 100)
  t.equal(await redis.cli('PUBSUB', 'NUMPAT'), `${2 * 200}`, 'each with its metadata channel')
})

t.test('without limits there are as many patterns as anybody likes', async t => {
  const { isRefused } = await limited(t, { MAX_PATTERNS: 0, MAX_PATTERNS_PER_CALLER: 0, MAX_SUBSCRIPTIONS: 1000 })
  t.notOk(await isRefused(Array.from({ length: 300 }, (_, i) => `p${i}*`)))
})
