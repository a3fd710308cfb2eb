import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { type Caller, type CarillonOptions, carillon, Grants, Problem } from '../../src/index.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { hostApp, listening } from '../support/host-app.js'
import { fetchProblem } from '../support/problems.js'
import { bearer, secret, sign } from '../support/tokens.js'

const GRANTS = new Grants({ subscribe: ['news', 'user:ada:*'], publish: ['user:ada:out'], inspect: ['user:ada:*'] })

/** An app with sessions of its own, in which the gateway is embedded. */
async function start(t: Test, options: Partial<CarillonOptions> = {}) {
  const asked: string[] = []
  const session = { revoked: false, proof: 'host' }
  let expiresAt = Number.POSITIVE_INFINITY
  const authenticate = ({ headers, url }: FastifyRequest): Caller => {
    asked.push(url)
    if (headers.cookie !== 'session=ada') throw new Problem('unauthenticated')
    return { id: 'user:ada', name: 'Ada', by: 'host', grants: GRANTS, expiresAt, credential: session }
  }
  const app = hostApp(t)
  app.get('/mine', async () => 'mine')
  await app.register(carillon, { prefix: '/live', authenticate, ...options })
  const { url } = await listening(app)
  const expire = (seconds: number) => {
    expiresAt = Date.now() + seconds * 1000
  }
  return { url, live: `${url}/live`, asked, session, expire }
}

const ada = { cookie: 'session=ada' }
const post = (url: string, headers: Record<string, string>, body = 'x') => fetch(url, { method: 'POST', body, headers })

t.test('a client that the app authenticates has the rights of its grants on every transport', async t => {
  const { live } = await start(t)
  const out = `${live}/channels/user:ada:out`
  const sse = await openSse(t, `${out}/events`, ada)
  const ndjson = await openNdjson(t, `${live}/events?pattern=user:ada:*`, ada)
  const single = await openWebSocket(t, `${out}/ws`, { headers: ada })
  const many = await openWebSocket(t, `${live}/ws`, { headers: ada })
  many.send({ type: 'subscribe', channel: 'user:ada:out' })
  t.match(JSON.parse((await many.next()).data), { type: 'subscribed' })
  t.equal((await post(out, ada, 'a')).status, 200)
  t.match(await sse.next(), { data: 'a' })
  t.match(await ndjson.next(), { data: 'a' })
  t.equal((await single.next()).data, 'a')
  t.match(JSON.parse((await many.next()).data), { data: 'a' })
  single.socket.send('b')
  t.match(await sse.next(), { data: 'b' })
  t.same(await (await fetch(`${live}/channels`, { headers: ada })).json(), { channels: [{ channel: 'user:ada:out' }] })
})

t.test('everything beyond its grants is forbidden, on every transport', async t => {
  const { live } = await start(t)
  await fetchProblem(t, await post(`${live}/channels/news`, ada), 'forbidden', 'publish')
  await fetchProblem(t, await fetch(`${live}/channels/user:bob:x/events`, { headers: ada }), 'forbidden', 'listen')
  await fetchProblem(t, await fetch(`${live}/events?pattern=user:*`, { headers: ada }), 'forbidden', 'a wider pattern')
  await fetchProblem(t, await fetch(`${live}/channels/news/subscribers`, { headers: ada }), 'forbidden', 'counts')
  await fetchProblem(t, await fetch(`${live}/metrics`, { headers: ada }), 'forbidden', 'metrics')
  await t.rejects(openWebSocket(t, `${live}/channels/user:bob:x/ws`, { headers: ada }), /403/)
  const batch = await post(
    `${live}/publish`,
    { ...ada, 'content-type': 'application/json' },
    '{"messages":[{"channel":"user:ada:out","data":"x"},{"channel":"news","data":"x"}]}',
  )
  t.match(await batch.json(), { results: [{ receivers: 0 }, { type: 'urn:carillon:problem:forbidden' }] })
  const many = await openWebSocket(t, `${live}/ws`, { headers: ada })
  for (const frame of [
    { type: 'subscribe', channel: 'user:bob:x' },
    { type: 'publish', channel: 'news', data: 'x' },
  ]) {
    many.send(frame)
    t.match(JSON.parse((await many.next()).data), {
      type: 'error',
      problem: { type: 'urn:carillon:problem:forbidden' },
    })
  }
})

t.test('a client that the app refuses is refused, and keys and tokens are ignored', async t => {
  const { url, live, asked } = await start(t, { config: { JWT_SECRET: secret } })
  const token = bearer(await sign({ claims: { carillon: { admin: ['*'] } } }))
  for (const headers of [{}, { cookie: 'session=eve' }, token]) {
    await fetchProblem(t, await post(`${live}/channels/user:ada:out`, headers), 'unauthenticated')
    await fetchProblem(t, await fetch(`${live}/channels/news/events`, { headers }), 'unauthenticated')
    await t.rejects(openWebSocket(t, `${live}/channels/news/ws`, { headers }), /401/)
  }
  asked.length = 0
  for (const path of ['/mine', '/live/healthz', '/live/readyz', '/live/client.js'])
    t.equal((await fetch(url + path)).status, 200, path)
  t.same(asked, [], 'about what is public, and what is not ours, nobody is asked')
})

t.test('an answer may take its time, and an error of the app is answered by the app', async t => {
  const app = hostApp(t)
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ mine: error.message }),
  )
  const authenticate = async ({ headers }: FastifyRequest): Promise<Caller> => {
    await new Promise(resolve => setImmediate(resolve))
    if (headers.cookie === 'session=broken') throw new Error('the store of sessions is away')
    if (headers.cookie !== 'session=ada') throw Object.assign(new Error('log in'), { statusCode: 401 })
    const credential = { revoked: false, proof: 'host' }
    return { id: 'user:ada', name: 'Ada', by: 'host', grants: GRANTS, expiresAt: Number.POSITIVE_INFINITY, credential }
  }
  await app.register(carillon, { prefix: '/live', authenticate })
  const { url } = await listening(app)
  const path = `${url}/live/channels/user:ada:out`
  t.equal((await post(path, ada)).status, 200)
  const refused = await post(path, {})
  t.same([refused.status, await refused.json()], [401, { mine: 'log in' }])
  const broken = await post(path, { cookie: 'session=broken' })
  t.equal(broken.status, 500)
  t.equal((await fetch(`${path}/events`, { headers: { cookie: 'session=broken' } })).status, 500, 'not let in')
})

t.test('a stream ends when the session does, or when the app takes it back', async t => {
  const { live, session, expire } = await start(t)
  const revoked = await openWebSocket(t, `${live}/channels/news/ws`, { headers: ada })
  const sse = await openSse(t, `${live}/channels/news/events`, ada)
  session.revoked = true
  t.match(await revoked.closed, { code: 1008, reason: 'access_revoked' })
  await sse.untilEnd()
  session.revoked = false
  expire(1)
  const expired = await openWebSocket(t, `${live}/channels/news/ws`, { headers: ada })
  t.match(await expired.closed, { code: 1008, reason: 'access_expired' })
})

t.test('there are no tickets where the app says who asks', async t => {
  const { live } = await start(t)
  const ask = (headers: Record<string, string>) =>
    post(`${live}/tickets`, { 'content-type': 'application/json', ...headers }, '{"channels":["news"]}')
  await fetchProblem(t, await ask(ada), 'tickets-unavailable')
  await fetchProblem(t, await ask({}), 'unauthenticated')
  const url = `${live}/channels/news/events?ticket=${'a'.repeat(8)}.${'b'.repeat(32)}`
  await fetchProblem(t, await fetch(url), 'unauthenticated', 'a ticket says nothing to the app')
})
