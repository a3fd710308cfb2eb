import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import WebSocket from 'ws'
import { parse } from 'yaml'
import { BrokerUnavailable, SubscribeRefused } from '../src/brokers/broker.js'
import { parseHistoryRules } from '../src/brokers/history-rules.js'
import { MemoryBroker } from '../src/brokers/memory/broker.js'
import { type ProblemType, problemUri } from '../src/protocol/problem-types.js'
import { packageFile } from '../src/support/package.js'
import { build } from './support/gateway.js'
import { type DescribedOperation, operations } from './support/openapi.js'

const all = operations(parse(await readFile(packageFile('openapi.yaml'), 'utf8')))
/** Those that answer with problem details. */
const described = all.filter(({ path }) => !path.startsWith('/upstash'))

function find(id: string): DescribedOperation {
  const operation = described.find(({ operation }) => operation.operationId === id)
  if (!operation) throw new Error(`there is no operation ${id}`)
  return operation
}

/** A request that is right, but for what the test changes. */
interface Request {
  channel?: string
  query?: string
  headers?: Record<string, string>
  body?: string
}

function send(
  app: FastifyInstance,
  { method, path }: DescribedOperation,
  { channel = 'news', query = path === '/events' ? '?channel=news' : '', headers = {}, body }: Request = {},
) {
  const batch = path === '/publish'
  return app.inject({
    method: method as NonNullable<InjectOptions['method']>, // a method of the document is one of HTTP
    url: path.replace('{channel}', channel) + query,
    headers: { ...(method === 'POST' && { 'content-type': batch ? 'application/json' : 'text/plain' }), ...headers },
    ...(method === 'POST' && {
      payload: body ?? (batch ? '{"messages":[{"channel":"news","data":"hello"}]}' : 'hello'),
    }),
  })
}

function isDescribed(t: Test, answer: Answer, { problems }: DescribedOperation, expected: ProblemType, title: string) {
  t.equal(answer.json().type, problemUri(expected), title)
  t.ok(
    problems.some(({ type, status }) => type === expected && status === answer.statusCode),
    `${title}: is described with ${answer.statusCode}`,
  )
}

interface Answer {
  statusCode: number
  json(): { type?: string }
}

interface Mistake extends Request {
  on?: (operation: DescribedOperation) => boolean
  expected: ProblemType
}

const posts = ({ method }: DescribedOperation) => method === 'POST'
const named = ({ path }: DescribedOperation) => path.includes('{channel}')
const publishes = ({ operation }: DescribedOperation) => operation.operationId === 'publish'
const at =
  (...paths: string[]) =>
  ({ path }: DescribedOperation) =>
    paths.includes(path)

const MISTAKES: Record<string, Mistake> = {
  'a bad channel name': { on: named, channel: '-', expected: 'invalid-channel' },
  'a reserved channel': { on: named, channel: 'carillon:x', expected: 'reserved-channel' },
  'a far too long name': { on: named, channel: 'a'.repeat(9000), expected: 'uri-too-long' },
  'a path that does not decode': { on: named, channel: '%zz', expected: 'bad-url' },
  'a page of elsewhere': { headers: { origin: 'https://evil.example' }, expected: 'origin-refused' },
  'a compressed body': { headers: { 'content-encoding': 'gzip' }, expected: 'unsupported-media-type' },
  'a malformed content type': { on: posts, headers: { 'content-type': ';;' }, expected: 'unsupported-media-type' },
  'bad JSON': { on: posts, headers: { 'content-type': 'application/json' }, body: '{', expected: 'invalid-json' },
  'too much': { on: posts, body: 'a'.repeat(2_000_000), expected: 'message-too-large' },
  'an event type of ours': { on: publishes, query: '?event=gap', expected: 'invalid-event-type' },
  'a bad pattern': { on: at('/channels', '/events'), query: '?pattern=[', expected: 'invalid-pattern' },
  'a reserved pattern': { on: at('/events'), query: '?pattern=carillon:*', expected: 'reserved-channel' },
  'a reserved channel in the query': { on: at('/events'), query: '?channel=carillon:x', expected: 'reserved-channel' },
  'a bad channel in the query': { on: at('/events'), query: '?channel=-', expected: 'invalid-channel' },
  'too many channels': {
    on: at('/events'),
    query: `?${Array.from({ length: 101 }, (_, i) => `channel=c${i}`).join('&')}`,
    expected: 'too-many-subscriptions',
  },
  'a key that is none': { on: publishes, headers: { 'idempotency-key': 'a b' }, expected: 'invalid-idempotency-key' },
  'an unknown parameter': {
    on: at('/channels', '/channels/{channel}/messages'),
    query: '?nope=1',
    expected: 'invalid-request',
  },
  'a number that is none': {
    on: at('/channels', '/events', '/channels/{channel}/events'),
    query: '?limit=0x10',
    expected: 'invalid-request',
  },
  'plain HTTP': { on: at('/ws', '/channels/{channel}/ws'), expected: 'upgrade-required' },
}

t.test('each answer to an invalid request is described in the document', async t => {
  const { app } = await build(t)
  for (const operation of described) {
    for (const [mistake, { on = () => true, expected, ...request }] of Object.entries(MISTAKES)) {
      if (!on(operation)) continue
      const answer = await send(app, operation, request)
      isDescribed(t, answer, operation, expected, `${operation.method} ${operation.path}, ${mistake}`)
    }
  }
})

t.test('Upstash’s protocol answers a mistake in its own form, with a status of the document', async t => {
  const { app } = await build(t)
  const mistakes = ['a page of elsewhere', 'a compressed body', 'a malformed content type', 'bad JSON', 'too much']
  for (const operation of all.filter(({ path }) => path.startsWith('/upstash')))
    for (const mistake of mistakes) {
      const answer = await send(app, operation, MISTAKES[mistake])
      const title = `${operation.path}, ${mistake}`
      t.ok(
        Object.keys(operation.operation.responses).includes(`${answer.statusCode}`),
        `${title}: ${answer.statusCode}`,
      )
      t.match(answer.json(), { error: /^[A-Z]+ / }, title)
    }
})

class FailingBroker extends MemoryBroker {
  constructor() {
    super({ history: parseHistoryRules('*') })
    if (this.history) this.history.delete = () => Promise.reject(new BrokerUnavailable())
  }

  problem: ProblemType = 'broker-unavailable'

  override async publish() {
    return [{ problem: this.problem }]
  }
  override async subscribe(): Promise<void> {
    throw new SubscribeRefused()
  }
  override async channels(): Promise<string[]> {
    throw new BrokerUnavailable()
  }
  override async subscriberCounts(): Promise<number[]> {
    throw new BrokerUnavailable()
  }
}

const FAILURES: Record<string, ProblemType> = {
  publishBatch: 'broker-unavailable',
  streamChannel: 'channel-refused',
  streamChannels: 'channel-refused',
  listChannels: 'broker-unavailable',
  countSubscribers: 'broker-unavailable',
  describeChannel: 'broker-unavailable',
  deleteHistory: 'broker-unavailable',
}

t.test('each answer during a broker failure is described in the document', async t => {
  const broker = new FailingBroker()
  const { app, port } = await build(t, { broker })
  for (const [id, expected] of Object.entries(FAILURES)) {
    const operation = find(id)
    isDescribed(t, await send(app, operation), operation, expected, operation.path)
  }

  const publish = find('publish')
  for (const problem of [
    ...(['broker-unavailable', 'broker-rejected', 'outcome-unknown', 'channel-refused', 'write-refused'] as const),
    ...(['idempotency-key-reused', 'idempotency-key-in-flight'] as const),
  ]) {
    broker.problem = problem
    isDescribed(t, await send(app, publish), publish, problem, publish.path)
  }

  const open = find('openChannelWebSocket')
  const [, refusal] = await once(new WebSocket(`ws://127.0.0.1:${port}/channels/news/ws`), 'unexpected-response')
  isDescribed(t, await read(refusal), open, 'channel-refused', open.path)
})

t.test('each answer of a gateway without Redis is described in the document', async t => {
  const broker: MemoryBroker & { unavailable?: string } = Object.assign(new MemoryBroker(), { unavailable: 'away' })
  const { app } = await build(t, { broker })
  const ready = find('getReadiness')
  isDescribed(t, await send(app, ready), ready, 'not-ready', ready.path)
})

async function read(message: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return { statusCode: message.statusCode ?? 0, json: () => JSON.parse(Buffer.concat(chunks).toString()) }
}
