import t, { type Test } from 'tap'
import type { ProblemType } from '../../src/protocol/problem-types.js'
import { attackedGateway, multiplexed } from '../support/attacked.js'
import { openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { sameProblem } from '../support/problems.js'
import { exchange, type RawAnswer, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'

/** Words that only Redis, its driver or the machine would use. */
const REDIS_WORDS =
  /NOPERM|WRONGPASS|NOAUTH|\bERR\b|MISCONF|READONLY|OOM|ECONN|ioredis|ReplyError|User gateway|secret|\bat .*:\d+|127\.0\.0\.1:\d/

const quiet = (t: Test, answer: Pick<RawAnswer, 'body'>, what: string) => t.notMatch(answer.body, REDIS_WORDS, what)

t.test('an error of Redis is reported as a problem, on every transport', async t => {
  const { url, port, redis, leavesNothing } = await attackedGateway(t)
  await redis.cli('ACL', 'SETUSER', 'default', 'resetchannels', '&carillon:*', '&ok')
  const refused = {
    REST: requestText('POST', '/channels/news', { body: 'x' }),
    'with an event type': requestText('POST', '/channels/news?event=a', { body: 'x' }),
    SSE: requestText('GET', '/channels/news/events'),
    NDJSON: requestText('GET', '/channels/news/events', { headers: { accept: 'application/x-ndjson' } }),
    many: requestText('GET', '/events?channel=ok&channel=news'),
    pattern: requestText('GET', '/events?pattern=*'),
  }
  for (const [what, request] of Object.entries(refused)) {
    const answer = await exchange(t, port, request)
    sameProblem(t, answer, 'channel-refused', what)
    quiet(t, answer, what)
  }
  const batch = requestText('POST', '/publish', {
    headers: { 'content-type': 'application/json' },
    body: '{"messages":[{"channel":"news","data":"x"},{"channel":"ok","data":"x"}]}',
  })
  const answer = await exchange(t, port, batch)
  t.match(JSON.parse(answer.body).results, [{ status: 403 }, { channel: 'ok' }])
  quiet(t, answer, 'batch')
  for (const request of [
    { type: 'publish', channel: 'news', data: 'x' },
    { type: 'subscribe', channel: 'news' },
  ]) {
    const { answers } = await multiplexed(t, url, JSON.stringify(request))
    t.match(answers, [{ type: 'error', problem: { status: 403 } }])
    quiet(t, { body: JSON.stringify(answers) }, request.type)
  }
  const bare = await openWebSocket(t, `${url}/channels/ok/ws`)
  await redis.cli('ACL', 'SETUSER', 'default', '-publish')
  bare.socket.send('x')
  const { data } = await bare.next()
  t.match(data, 'urn:carillon:problem:')
  quiet(t, { body: data }, 'WebSocket')
  bare.socket.close()
  await bare.closed
  await leavesNothing('refusals')
})

t.test('a failure of Redis is reported as a problem', async t => {
  const { port, redis } = await attackedGateway(t, { HISTORY: 'kept' })
  const ask = async (what: string, request: string, type: ProblemType) => {
    const answer = await exchange(t, port, request)
    sameProblem(t, answer, type, what)
    quiet(t, answer, what)
  }
  await redis.cli('ACL', 'SETUSER', 'default', '-publish', '-pubsub')
  await ask('publish', requestText('POST', '/channels/news', { body: 'x' }), 'channel-refused')
  await ask('list', requestText('GET', '/channels'), 'broker-unavailable')
  await ask('describe', requestText('GET', '/channels/news'), 'broker-unavailable')
  const upstash = async (what: string, path: string, body: string) => {
    const answer = await exchange(t, port, requestText('POST', path, { body }))
    t.match(answer.body, /error/, what)
    // The first word is one of its protocol; the rest are ours.
    quiet(t, { body: answer.body.replaceAll(/"error":"(?:ERR|NOPERM) /g, '"error":"') }, what)
  }
  await upstash('Upstash, publish', '/upstash', '["PUBLISH","news","x"]')
  await upstash('Upstash, pipeline', '/upstash/pipeline', '[["PUBLISH","news","x"],["PUBSUB","CHANNELS"]]')
  await upstash('Upstash, counts', '/upstash', '["PUBSUB","NUMSUB","news"]')
  await ask('counts', requestText('GET', '/channels/news/subscribers'), 'broker-unavailable')
  await redis.cli('ACL', 'SETUSER', 'default', '-@all', '+ping', '+role', '+acl')
  const wish = requestText('POST', '/tickets', {
    headers: { 'content-type': 'application/json' },
    body: '{"channels":["kept"]}',
  })
  await ask('ticket', wish, 'broker-unavailable')
  await ask('messages', requestText('GET', '/channels/kept/messages'), 'broker-unavailable')
  await ask('a long poll', requestText('GET', '/channels/kept/messages?wait=0.1'), 'broker-unavailable')
  await ask('delete the history', requestText('DELETE', '/channels/kept/history'), 'broker-unavailable')
  await redis.stop()
  await ask('ticket without Redis', wish, 'broker-unavailable')
  await ask('messages without Redis', requestText('GET', '/channels/kept/messages'), 'broker-unavailable')
  await upstash('Upstash without Redis', '/upstash', '["PUBLISH","news","x"]')
  await ask('publish without Redis', requestText('POST', '/channels/news', { body: 'x' }), 'broker-unavailable')
  await ask('readiness without Redis', requestText('GET', '/readyz'), 'not-ready')
})

t.test('a Redis that refuses logins is reported without its error text', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'other'] })
  const { port } = await build(t, {
    config: { OPEN_TIMEOUT_MS: 50 },
    broker: new (await import('../../src/brokers/redis/broker.js')).RedisBroker(
      { url: `redis://gateway:secret@127.0.0.1:${redis.port}`, timeout: 900 },
      (await import('../../src/telemetry/logger.js')).silentLogger,
    ),
  })
  for (const [what, request, type] of [
    ['publish', requestText('POST', '/channels/news', { body: 'x' }), 'broker-unavailable'],
    ['readiness', requestText('GET', '/readyz'), 'not-ready'],
    ['list', requestText('GET', '/channels'), 'broker-unavailable'],
  ] as const) {
    const answer = await exchange(t, port, request)
    sameProblem(t, answer, type, what)
    quiet(t, answer, what)
  }
})
