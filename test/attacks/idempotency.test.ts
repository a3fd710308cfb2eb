import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import { openNdjson, openWebSocket, type WebSocketClient } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { bearer } from '../support/tokens.js'

interface Outcome {
  readonly status: number
  readonly replayed?: boolean
}

type Publish = (key: string, data?: string) => Promise<Outcome>

const JSON_TYPE = { 'content-type': 'application/json' }

/** Every way to publish with a key, for one tenant; each resolves with what became of the one message. */
async function ways(t: Test, url: string, apiKey: string): Promise<Record<string, Publish>> {
  const headers = bearer(apiKey)
  const socket: WebSocketClient = await openWebSocket(t, `${url}/ws`, { headers })
  const post = async (path: string, body: string, more: Record<string, string>) => {
    const answer = await fetch(url + path, { method: 'POST', body, headers: { ...headers, ...more } })
    return { status: answer.status, ...((await answer.json()) as object) } as Outcome & { results?: Outcome[] } // as the contract says
  }
  const ofBatch = ({ results: [first] = [], ...whole }: Outcome & { results?: Outcome[] }): Outcome =>
    first === undefined ? whole : { ...first, status: first.status ?? 200 }
  const batch = (key: string | undefined, item: object) =>
    post('/publish', JSON.stringify({ messages: [item] }), {
      ...JSON_TYPE,
      ...(key !== undefined && { 'idempotency-key': key }),
    })
  let refs = 0
  return {
    REST: (key, data = 'a') => post('/channels/news', data, { 'idempotency-key': key }),
    batch: async (key, data = 'a') => ofBatch(await batch(key, { channel: 'news', data })),
    'item of a batch': async (key, data = 'a') =>
      ofBatch(await batch(undefined, { channel: 'news', data, idempotency_key: key })),
    'multiplexed WebSocket': async (key, data = 'a') => {
      const ref = ++refs
      socket.send({ type: 'publish', channel: 'news', data, idempotency_key: key, ref })
      const answer = JSON.parse((await socket.find(frame => JSON.parse(frame.data).ref === ref)).data)
      return { status: 200, ...answer, ...(answer.problem && { status: answer.problem.status }) }
    },
  }
}

async function start(t: Test, config: object = {}) {
  const redis = await startRedis(t)
  const tenants = ['a', 'b'].map(name => createApiKey(name, { admin: ['*'] }))
  const { url } = await build(t, {
    redisUrl: redis.url,
    config: { API_KEYS: JSON.stringify(tenants.map(({ entry }) => entry)), ...config },
  })
  const [one = '', other = ''] = tenants.map(({ key }) => key)
  return { redis, url, one, other }
}

const keysIn = async (redis: RedisServer) => (await redis.cli('KEYS', '*')).split('\n').filter(Boolean)

t.test('a key is malformed, taken or its own tenant’s alike in every way to publish', async t => {
  const { redis, url, one, other } = await start(t)
  const listener = await openNdjson(t, `${url}/channels/news/events`, bearer(one))
  const [mine, others] = [await ways(t, url, one), await ways(t, url, other)]

  for (const [what, publish] of Object.entries(mine)) {
    for (const key of ['', 'x'.repeat(256), 'é', 'a\tb'])
      t.equal((await publish(key)).status, 400, `${what}: ${key.slice(0, 5)}`)
    t.same(await keysIn(redis), [], `${what}: nothing is kept of a malformed key`)
  }
  t.same(listener.all, [], 'and nothing was published')

  let expected = 0
  for (const [what, publish] of Object.entries(mine)) {
    const key = what.replaceAll(' ', '-')
    t.match(await publish(key), { status: 200, replayed: undefined }, `${what}: the first`)
    t.match(await publish(key), { status: 200, replayed: true }, `${what}: a retry`)
    t.equal((await publish(key, 'b')).status, 422, `${what}: another payload`)
    t.match(await others[what]?.(key, 'b'), { status: 200, replayed: undefined }, `${what}: another tenant, same key`)
    t.match(await others[what]?.(key, 'b'), { status: 200, replayed: true }, `${what}: its retry`)
    expected += 2
    t.equal((await listener.take(2)).map(({ data }) => data).join(), 'a,b', `${what}: each was heard once`)
  }
  for (const key of await keysIn(redis)) {
    t.notMatch(key, /REST|batch|WebSocket/, 'what Redis keeps does not tell the key')
    t.ok(Number(await redis.cli('PTTL', key)) > 0, 'and expires')
  }
  t.equal((await keysIn(redis)).length, expected)
  t.equal(listener.all.length, expected)
})

t.test('a key that is in flight is 409 in every way to publish, for its own tenant alone', async t => {
  const { redis, url, one, other } = await start(t, { REDIS_TIMEOUT_MS: 10_000 })
  const [first, again, others] = [await ways(t, url, one), await ways(t, url, one), await ways(t, url, other)]
  redis.process.kill('SIGSTOP')
  const pairs = []
  for (const [what, publish] of Object.entries(first)) {
    const key = what.replaceAll(' ', '-')
    // The order of two requests on two connections is not known: one of them waits, the other is told.
    const pair = [publish(key), again[what]?.(key)]
    pairs.push({ pair, other: others[what]?.(key) })
    t.equal((await Promise.race(pair))?.status, 409, what)
  }
  redis.process.kill('SIGCONT')
  for (const { pair, other } of pairs) {
    t.same((await Promise.all(pair)).map(outcome => outcome?.status).sort(), [200, 409])
    t.match(await other, { status: 200, replayed: undefined }, 'another tenant is not concerned')
  }
})
