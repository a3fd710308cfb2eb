import { existsSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import { readRules } from '../../src/access/rules.js'
import { createStreamHandler } from '../../src/lambda.js'
import { packageFile } from '../../src/support/package.js'
import { build } from '../support/gateway.js'
import { type AnswerHead, startFunction } from '../support/lambda-runtime.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

// AWS's own client, unmodified. `npm run test:lambda` builds it, and so does `.ci/run` for Node 26.
const client = packageFile('.cache/lambda/node_modules/aws-lambda-ric/index.mjs')
const MIN_NODE = 22
const missing = !existsSync(client)
  ? 'aws-lambda-ric is not built; npm run test:lambda does'
  : Number.parseInt(process.versions.node, 10) < MIN_NODE
    ? `aws-lambda-ric needs Node ${MIN_NODE}`
    : false

const { key, entry } = createApiKey('function', readRules({ publish: ['*'], subscribe: ['*'] }))

/** An event of a function URL. */
const event = (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
  const [rawPath, rawQueryString = ''] = path.split('?')
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers: { authorization: `Bearer ${key}`, host: 'x.lambda-url.eu-central-1.on.aws', ...headers },
    requestContext: { stage: '$default', http: { method, sourceIp: '192.0.2.1' } },
    ...(body !== undefined && { body, isBase64Encoded: false }),
  }
}

async function start(t: Test) {
  const redis = await startRedis(t)
  const settings = { HISTORY: 'kept', API_KEYS: JSON.stringify([entry]) }
  const { url } = await build(t, { redisUrl: redis.url, config: settings })
  const environment = { ...settings, REDIS_URL: redis.url, LOG_LEVEL: 'silent' }
  const fn = await startFunction(t, { client, node: process.execPath, environment })
  const publish = async (channel: string, body: string, query = '') => {
    const headers = { authorization: `Bearer ${key}` }
    const answer = await fetch(`${url}/channels/${channel}${query}`, { method: 'POST', headers, body })
    t.equal(answer.status, 200)
    return (await answer.json()) as { receivers: number; id?: string }
  }
  /** Resolves when the function listens on the channel. */
  const listens = (channel: string) =>
    until(async () => (await redis.cli('PUBSUB', 'NUMSUB', channel)).endsWith('\n1'), `it listens on ${channel}`)
  return { redis, publish, listens, ...fn }
}

t.test('streams Server-Sent Events until the client has had enough', { skip: missing }, async t => {
  const { invoke, publish, listens } = await start(t)
  const answer = await invoke(event('GET', '/channels/news/events?limit=2'))
  t.equal(answer.head.statusCode, 200)
  t.match(answer.head.headers, { 'content-type': 'text/event-stream; charset=utf-8', incremental: '?1' })
  t.notOk(answer.head.headers.connection, 'hop-by-hop headers are left out')
  await listens('news')
  await publish('news', 'one', '?event=price')
  await until(() => answer.text().includes('data: one\n'), 'the first message is there before the second is sent')
  await publish('news', 'two')
  t.match(await answer.whole, /^:\n+retry: \d+\n+event: price\ndata: one\n\ndata: two\n\n$/)
})

t.test('streams NDJSON of several channels', { skip: missing }, async t => {
  const { invoke, publish, listens } = await start(t)
  const path = '/events?channel=a&channel=b&limit=2'
  const answer = await invoke(event('GET', path, { accept: 'application/x-ndjson' }))
  t.equal(answer.head.headers['content-type'], 'application/x-ndjson; charset=utf-8')
  await listens('a')
  await listens('b')
  await publish('a', '1')
  await publish('b', '2')
  t.equal(await answer.whole, '\n{"channel":"a","data":"1"}\n{"channel":"b","data":"2"}\n')
})

t.test('ends before the timeout of the function, and resumes from the history', { skip: missing }, async t => {
  const { invoke, publish, listens, redis } = await start(t)
  const first = await invoke(event('GET', '/channels/kept/events'), { timeoutMs: 4000 })
  await listens('kept')
  const { id } = await publish('kept', 'one')
  const text = await first.whole
  t.match(text, `id: ${id}\ndata: one\n`)
  t.match(text, /\nretry: \d+\n+$/, 'the end says when to reconnect')
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'kept')).endsWith('\n0'), 'it unsubscribes')
  await publish('kept', 'two')
  const second = await invoke(event('GET', '/channels/kept/events?limit=1', { 'last-event-id': `${id}` }))
  t.match(await second.whole, /data: two\n\n$/)
})

t.test('gives up the subscription of an answer that breaks', async t => {
  // Lambda's client ends the process then, so here the handler gets the two functions that Lambda documents.
  const awslambda = { streamifyResponse: <Handler>(handler: Handler) => handler, HttpResponseStream: { from } }
  Object.assign(globalThis, { awslambda })
  t.teardown(() => Object.assign(globalThis, { awslambda: undefined }))
  function from(answer: PassThrough, head: AnswerHead) {
    t.equal(head.statusCode, 200)
    return answer
  }
  const redis = await startRedis(t)
  const environment = { REDIS_URL: redis.url, LOG_LEVEL: 'silent', API_KEYS: JSON.stringify([entry]) }
  const handler = createStreamHandler({ environment })
  t.teardown(() => handler.close())
  const answer = new PassThrough()
  const context = { getRemainingTimeInMillis: () => 60_000 }
  const finished = handler(event('GET', '/channels/news/events'), answer, context)
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'news')).endsWith('\n1'), 'it listens')
  answer.destroy()
  await finished
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'news')).endsWith('\n0'), 'it unsubscribes')
})

t.test('answers all other calls as a function without streams does', { skip: missing }, async t => {
  const { invoke } = await start(t)
  const published = await invoke(event('POST', '/channels/kept', { 'content-type': 'text/plain' }, 'hello'))
  t.equal(published.head.statusCode, 200)
  t.match(JSON.parse(await published.whole), { channel: 'kept', receivers: 0, id: String })
  const refused = await invoke(event('GET', '/channels/news/events', { authorization: 'Bearer no' }))
  t.equal(refused.head.statusCode, 401)
  t.match(JSON.parse(await refused.whole), { status: 401 })
  for (const path of ['/channels/news/ws', '/ws']) {
    const answer = await invoke(event('GET', path))
    t.equal(answer.head.statusCode, 501, path)
    t.match(JSON.parse(await answer.whole), { type: 'urn:carillon:problem:streams-unavailable' })
  }
  const upstash = await invoke(event('GET', '/upstash/subscribe/news'))
  t.equal(upstash.head.statusCode, 501)
})

t.test('needs the runtime of Lambda', async t => {
  t.throws(() => createStreamHandler({ environment: { REDIS_URL: 'redis://localhost' } }), {
    name: 'ConfigError',
    message: 'createStreamHandler works only in the Node runtime of AWS Lambda',
  })
})
