import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import t, { type Test } from 'tap'
import WebSocket from 'ws'
import { createApiKey } from '../../src/access/api-keys.js'
import { rereadConfigFiles } from '../../src/access/watched-file.js'
import type { Config } from '../../src/config/config.js'
import { encodeId } from '../../src/messages/cursor.js'
import { type ProblemType, problemUri } from '../../src/protocol/problem-types.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { startCli } from '../support/run-cli.js'
import { bearer, forge, secret, sign } from '../support/tokens.js'
import { type RequestHeaders, TRANSPORTS, upgrade } from '../support/transports.js'
import { until } from '../support/until.js'

const JSON_TYPE = { 'content-type': 'application/json' }

async function start(t: Test, config: Partial<Config> = {}) {
  const redis = await startRedis(t)
  const key = createApiKey('backend', { publish: ['news', 'chat:*'], inspect: ['chat:*'] })
  const settings = { JWT_SECRET: secret, API_KEYS: JSON.stringify([key.entry]), ...config }
  const { url, app, port } = await build(t, { redisUrl: redis.url, config: settings })
  const clean = () => until(async () => (await redis.cli('PUBSUB', 'CHANNELS', 'n*')) === '', 'nothing stays in Redis')
  return { redis, url, app, port, key: key.key, clean }
}

const now = () => Math.floor(Date.now() / 1000)

t.test('a refused client gets the same answer on every transport, and leaves nothing behind', async t => {
  const { url, clean, redis } = await start(t, { JWT_COOKIE: 'token', HISTORY: 'news' })
  const good = await sign({ claims: { carillon: { admin: ['*'] } } })
  const cases: [what: string, headers: RequestHeaders, type: ProblemType, challenge: RegExp | undefined][] = [
    ['no token', {}, 'unauthenticated', /^Bearer realm="carillon"$/],
    [
      'an expired token',
      bearer(await sign({ claims: { exp: now() - 60 } })),
      'invalid-credentials',
      /error="invalid_token", error_description="The token has expired\."$/,
    ],
    [
      'a bad signature',
      bearer(await sign({ key: Buffer.from('y'.repeat(40)) })),
      'invalid-credentials',
      /^Bearer realm="carillon", error="invalid_token"$/,
    ],
    ['none', bearer(forge({ alg: 'none' })), 'invalid-credentials', /invalid_token/],
    ['an unknown key', bearer(createApiKey('x', {}).key), 'invalid-credentials', /invalid_token/],
    ['a malformed header', { authorization: 'Token abc' }, 'malformed-credentials', undefined],
    ['two tokens', { ...bearer(good), cookie: `token=${good}` }, 'malformed-credentials', undefined],
    [
      'a valid token that grants nothing here',
      bearer(await sign({ claims: { carillon: { publish: ['other'] } } })),
      'forbidden',
      /insufficient_scope/,
    ],
  ]
  for (const [what, headers, type, challenge] of cases)
    for (const [transport, { ask, byPieces, upstash }] of Object.entries(TRANSPORTS)) {
      if (upstash) continue // see test/attacks/credentials.test.ts
      // It grants a publish of something, so these are not refused as a whole: see the tests of the items.
      if (type === 'forbidden' && byPieces) continue
      const answer = await ask(url, headers)
      if (!answer) {
        t.fail(`${transport} let in ${what}`)
        continue
      }
      await fetchProblem(t, answer, type, `${transport}, ${what}`)
      if (challenge) t.match(answer.headers.get('www-authenticate'), challenge, `${transport}, ${what}: challenge`)
      else t.equal(answer.headers.get('www-authenticate'), null)
    }
  for (const [transport, { ask }] of Object.entries(TRANSPORTS)) {
    const answer = await ask(url, bearer(good))
    if (answer) t.ok(answer.ok, `${transport}: with a right token it is let in (${answer.status})`)
    await answer?.body?.cancel()
  }
  await clean()
  t.equal(await redis.cli('KEYS', '*channels*'), '')
})

t.test('a long-lived token in the query is refused wherever it is, also a valid one', async t => {
  const { url, key } = await start(t)
  const token = await sign({ claims: { carillon: { admin: ['*'] } } })
  for (const query of [`access_token=${token}`, `token=${token}`, `api_key=${key}`, `x=${token}`, `ticket=${token}`])
    for (const path of ['/channels/news/events', '/events', '/channels', '/channels/news/ws', '/ws']) {
      const type = query.startsWith('ticket') ? /credentials/ : /credentials-in-url/
      const answer = path.endsWith('ws')
        ? await upgrade(`${url}${path}?${query}`, {})
        : await fetch(`${url}${path}?${query}`)
      t.match(await answer?.text(), type, `${path}?${query.slice(0, 12)}`)
      t.equal(answer?.status, 400, path)
    }
})

t.test('a request with two Authorization headers is refused', async t => {
  const { key, port, clean } = await start(t)
  const other = createApiKey('other', {}).key
  // Lines in the name of one field: no HTTP client would send that.
  for (const [first, second] of [
    [key, other],
    [other, key],
    [key, key],
  ])
    for (const path of ['/channels/news', '/publish', '/tickets', '/upstash/publish/news/x']) {
      const twice = { AUTHORIZATION: `Bearer ${first}`, Authorization: `Bearer ${second}` }
      const answer = await exchange(t, port, requestText('POST', path, { headers: twice, body: '{}' }))
      t.equal(answer.status, 400, path)
      if (!path.startsWith('/upstash')) t.match(answer.body, problemUri('malformed-credentials'), path)
    }
  await clean()
})

t.test('a refusal is the same whether the channel exists or not', async t => {
  const { url, redis } = await start(t)
  const headers = bearer(
    await sign({ claims: { carillon: { subscribe: ['mine'], publish: ['mine'], inspect: ['mine'] } } }),
  )
  const listener = await openSse(
    t,
    `${url}/channels/there/events`,
    bearer(await sign({ claims: { carillon: { subscribe: ['there'] } } })),
  )
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'there'), 'there\n1')
  for (const [method, path] of [
    ['GET', 'events'],
    ['GET', 'subscribers'],
    ['POST', ''],
  ] as const) {
    const answers = await Promise.all(
      ['there', 'other'].map(async channel => {
        const answer = await fetch(`${url}/channels/${channel}/${path}`.replace(/\/$/, ''), { method, headers })
        const kept = [...answer.headers].filter(([name]) => name !== 'date')
        // The text names the channel that was asked for, and nothing else of it.
        return { status: answer.status, body: (await answer.text()).replace(`"${channel}\\"`, '"…\\"'), headers: kept }
      }),
    )
    t.same(answers[0], answers[1], `${method} ${path}`)
    t.equal(answers[0]?.status, 403)
  }
  t.same(listener.all, [])
})

t.test('in a batch each message is judged by itself', async t => {
  const { url, key } = await start(t)
  const messages = ['news', 'secret', 'chat:1', 'carillon:x', '*'].map(channel => ({ channel, data: 'x' }))
  const answer = await fetch(`${url}/publish`, {
    method: 'POST',
    headers: { ...bearer(key), ...JSON_TYPE },
    body: JSON.stringify({ messages }),
  })
  t.equal(answer.status, 200)
  const { results } = (await answer.json()) as { results: object[] }
  t.match(results, [
    { channel: 'news', receivers: 0 },
    { type: problemUri('forbidden'), status: 403 },
    { channel: 'chat:1', receivers: 0 },
    { type: problemUri('reserved-channel') },
    { type: problemUri('invalid-channel') },
  ])
})

t.test('on the multiplexed WebSocket each frame is judged by itself, and a pattern as a whole', async t => {
  const { url, redis } = await start(t)
  const token = await sign({ claims: { carillon: { subscribe: ['chat:*'], publish: ['news'] } } })
  const client = await openWebSocket(t, `${url}/ws`, { headers: bearer(token) })
  const ask = async (request: object) => {
    client.send(request)
    return JSON.parse((await client.next()).data)
  }
  const forbidden = { type: 'error', problem: { type: problemUri('forbidden') } }
  t.match(await ask({ type: 'subscribe', channel: 'chat:1' }), { type: 'subscribed' })
  t.match(await ask({ type: 'subscribe', pattern: 'chat:[ab]*' }), { type: 'subscribed' })
  t.match(await ask({ type: 'subscribe', channel: 'news' }), forbidden)
  t.match(await ask({ type: 'subscribe', pattern: 'chat*' }), forbidden)
  t.match(await ask({ type: 'subscribe', pattern: '*' }), forbidden)
  t.match(await ask({ type: 'publish', channel: 'news', data: 'x' }), { type: 'published' })
  t.match(await ask({ type: 'publish', channel: 'chat:1', data: 'x' }), forbidden)
  t.equal(await redis.cli('PUBSUB', 'NUMSUB', 'news'), 'news\n0')
  t.notMatch(await redis.cli('PUBSUB', 'CHANNELS'), /news/)
})

t.test('the right to subscribe on a WebSocket is not the right to publish there', async t => {
  const { url } = await start(t)
  const token = await sign({ claims: { carillon: { subscribe: ['news'] } } })
  const client = await openWebSocket(t, `${url}/channels/news/ws?format=envelope`, { headers: bearer(token) })
  client.socket.send('hello')
  const { event, data } = JSON.parse((await client.next()).data)
  t.equal(event, 'error')
  t.match(JSON.parse(data), { type: problemUri('forbidden'), channel: 'news' })
  t.equal(client.socket.readyState, WebSocket.OPEN)
})

t.test('lists and counts show what the caller may inspect, and pages are made of that', async t => {
  const { url, key } = await start(t)
  const all = await sign({ claims: { carillon: { subscribe: ['*'] } } })
  for (const channel of ['a', 'chat:1', 'chat:2', 'chat:3', 'z'])
    await openSse(t, `${url}/channels/${channel}/events`, bearer(all))
  const list = async (query: string) => (await fetch(`${url}/channels?${query}`, { headers: bearer(key) })).json()
  t.same(await list(''), { channels: [{ channel: 'chat:1' }, { channel: 'chat:2' }, { channel: 'chat:3' }] })
  t.match(await list('limit=2&counts=true'), {
    channels: [
      { channel: 'chat:1', subscribers: 1, listeners: 1 },
      { channel: 'chat:2', subscribers: 1, listeners: 1 },
    ],
    next: 'chat:2',
  })
  t.same(await list('limit=2&after=chat:2'), { channels: [{ channel: 'chat:3' }] })
  t.same(await list('pattern=a'), { channels: [] })
  await fetchProblem(t, await fetch(`${url}/channels/a/subscribers`, { headers: bearer(key) }), 'forbidden')
})

t.test('the right to subscribe is neither the right to inspect nor to delete a history', async t => {
  const { url } = await start(t, { HISTORY: 'kept:*=10', ANONYMOUS_GRANTS: '{"subscribe":["public"]}' })
  const grant = async (rules: object) => bearer(await sign({ claims: { carillon: rules } }))
  const admin = await grant({ admin: ['kept:*'] })
  for (const channel of ['kept:1', 'kept:2'])
    t.equal((await fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'a', headers: admin })).status, 200)
  const kept = async () => {
    const answer = await fetch(`${url}/channels/kept:1`, { headers: admin })
    return ((await answer.json()) as { history?: { length: number } }).history?.length ?? 0
  }

  for (const [what, headers, type] of [
    ['nothing', {}, 'unauthenticated'],
    ['all but to inspect', await grant({ publish: ['*'], subscribe: ['*'] }), 'forbidden'],
    ['to inspect another channel', await grant({ inspect: ['kept:2'], admin: ['kept:3'] }), 'forbidden'],
  ] as const) {
    const answer = await fetch(`${url}/channels/kept:1`, { headers })
    t.notMatch(await answer.clone().text(), /epoch|subscribers/)
    const there = await fetchProblem(t, answer, type, `GET with ${what}`)
    const nowhere = await fetchProblem(t, await fetch(`${url}/channels/kept:9`, { headers }), type, 'nothing is kept')
    t.same({ ...there, detail: there.detail.replace('kept:1', 'kept:9') }, nowhere, 'and the same words')
  }
  const inspect = await fetch(`${url}/channels/kept:1`, { headers: await grant({ inspect: ['kept:?'] }) })
  t.match(await inspect.json(), { channel: 'kept:1', subscribers: 0, history: { length: 1 } })

  for (const [what, headers, type] of [
    ['nothing', {}, 'unauthenticated'],
    ['all but admin', await grant({ publish: ['*'], subscribe: ['*'], inspect: ['*'] }), 'forbidden'],
    ['admin of another channel', await grant({ admin: ['kept:2'] }), 'forbidden'],
  ] as const) {
    const answer = await fetch(`${url}/channels/kept:1/history`, { method: 'DELETE', headers })
    await fetchProblem(t, answer, type, `DELETE with ${what}`)
    t.equal(await kept(), 1, 'and it is still there')
  }
  t.equal((await fetch(`${url}/channels/kept:1/history`, { method: 'DELETE', headers: admin })).status, 204)
  t.equal(await kept(), 0)
})

t.test('without the right to subscribe, the history cannot be read', async t => {
  const { url } = await start(t, { HISTORY: 'kept:*=10' })
  const grant = async (rules: object) => bearer(await sign({ claims: { carillon: rules } }))
  const publish = await grant({ publish: ['*'], inspect: ['*'], subscribe: ['kept:2'] })
  t.equal((await fetch(`${url}/channels/kept:1`, { method: 'POST', body: 'hidden', headers: publish })).status, 200)
  for (const path of [
    '/channels/kept:1/events?since=all',
    '/events?channel=kept:2&channel=kept:1',
    '/channels/kept:1/messages',
  ]) {
    const answer = await fetch(url + path, { headers: publish })
    t.notMatch(await answer.clone().text(), /hidden/)
    await fetchProblem(t, answer, 'forbidden', path)
  }
  const mine = await fetch(`${url}/channels/kept:1/messages`, { headers: await grant({ subscribe: ['kept:1'] }) })
  t.equal(mine.status, 200)
  t.match(await mine.text(), /hidden/, 'who may listen reads it')
  await t.rejects(openWebSocket(t, `${url}/channels/kept:1/ws?since=all`, { headers: publish }), /403/)
})

t.test('a stream ends when its token does, on every transport, and nothing stays behind', async t => {
  const { url, clean } = await start(t, { JWT_CLOCK_TOLERANCE_SECONDS: 0, HISTORY: 'kept' })
  const headers = bearer(
    await sign({ claims: { exp: now() + 3, carillon: { subscribe: ['news', 'n*', 'kept'], publish: ['news'] } } }),
  )
  const sse = await openSse(t, `${url}/channels/news/events`, headers)
  const ndjson = await openNdjson(t, `${url}/events?channel=news&pattern=n*`, headers)
  const single = await openWebSocket(t, `${url}/channels/news/ws`, { headers })
  const many = await openWebSocket(t, `${url}/ws`, { headers })
  many.send({ type: 'subscribe', channel: 'news' })
  await many.next()
  const upstash = await openSse(t, `${url}/upstash/subscribe/news`, headers)
  const polling = fetch(`${url}/channels/kept/messages?wait=30`, { headers })
  await Promise.all([sse.untilEnd(), ndjson.untilEnd(), upstash.untilEnd()])
  const poll = await polling
  t.equal(poll.status, 200)
  t.match(await poll.json(), { messages: [] }, 'a long poll ends empty')
  for (const { closed } of [single, many]) t.same(await closed, { code: 1008, reason: 'access_expired' })
  t.notMatch(sse.text().slice(sse.text().indexOf('\n\n')), 'retry:', 'it is not asked to come back')
  await clean()
  await fetchProblem(t, await fetch(`${url}/channels/news/events`, { headers }), 'invalid-credentials')
})

t.test(
  'a key that is taken out of its file ends its streams; another of its name takes over without a pause',
  async t => {
    const [old, next] = [createApiKey('backend', { admin: ['*'] }), createApiKey('backend', { admin: ['*'] })]
    const file = join(t.testdir(), 'keys.json')
    // As a volume of Kubernetes does it: another file under the same name.
    const write = async (...keys: { entry: object }[]) => {
      await writeFile(`${file}.new`, JSON.stringify(keys.map(({ entry }) => entry)))
      await rename(`${file}.new`, file)
    }
    await write(old)
    const redis = await startRedis(t)
    const { url } = await build(t, { redisUrl: redis.url, config: { API_KEYS_FILE: file } })
    const status = async ({ key }: { key: string }) =>
      (await fetch(`${url}/channels/news`, { method: 'POST', headers: bearer(key) })).status

    const sse = await openSse(t, `${url}/channels/news/events`, bearer(old.key))
    const socket = await openWebSocket(t, `${url}/ws`, { headers: bearer(old.key) })
    t.equal(await status(next), 401)
    await write(old, next)
    await until(async () => (await status(next)) === 200, 'the new key is known')
    t.equal(await status(old), 200, 'and the old one still is')
    t.notOk(sse.ended)

    await write(next)
    rereadConfigFiles()
    t.same(await socket.closed, { code: 1008, reason: 'access_revoked' })
    await sse.untilEnd()
    t.equal(await status(old), 401)
    t.equal(await status(next), 200)

    await writeFile(file, 'no JSON')
    rereadConfigFiles()
    t.equal(await status(next), 200, 'a file that is broken changes nothing')
  },
)

t.test('a cookie counts where no other page can have sent it', async t => {
  const { url } = await start(t, { JWT_COOKIE: 'token', ALLOWED_ORIGINS: 'https://app.example' })
  const cookie = `token=${await sign({ claims: { carillon: { admin: ['*'] } } })}`
  const publish = (headers: RequestHeaders) =>
    fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers: { cookie, ...headers } })
  t.equal((await publish({ origin: url })).status, 200, 'a page of our own')
  t.equal((await publish({ origin: 'https://app.example' })).status, 200, 'a page that is listed')
  await fetchProblem(t, await publish({}), 'unauthenticated', 'no page at all, and something would change')
  t.equal((await publish({ origin: 'https://evil.example' })).status, 403)
  t.equal((await fetch(`${url}/channels`, { headers: { cookie } })).status, 200, 'and nothing changes')

  t.equal(await upgrade(`${url}/channels/news/ws`, { cookie, origin: url }), undefined)
  t.equal(await upgrade(`${url}/channels/news/ws`, { cookie, origin: 'https://app.example' }), undefined)
  t.equal((await upgrade(`${url}/channels/news/ws`, { cookie }))?.status, 401)
  t.equal((await upgrade(`${url}/channels/news/ws`, { cookie, origin: 'https://evil.example' }))?.status, 403)
})

t.test('with ALLOWED_ORIGINS=* a cookie of another page does not count', async t => {
  const { url } = await start(t, { JWT_COOKIE: 'token', ALLOWED_ORIGINS: '*' })
  const cookie = `token=${await sign({ claims: { carillon: { admin: ['*'] } } })}`
  const headers = { cookie, origin: 'https://evil.example' }
  await fetchProblem(t, await fetch(`${url}/channels`, { headers }), 'unauthenticated')
  await fetchProblem(t, await fetch(`${url}/channels/news`, { method: 'POST', headers }), 'unauthenticated')
})

t.test('a token can be sent as a subprotocol, and is not echoed', async t => {
  const { url } = await start(t)
  const token = await sign({ claims: { carillon: { subscribe: ['news'] } } })
  const open = async (protocols: string[]) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/channels/news/ws`, protocols)
    t.teardown(() => socket.terminate())
    await once(socket, 'open')
    return socket.protocol
  }
  t.equal(await open(['carillon', `carillon.bearer.${token}`]), 'carillon')
  t.equal(await open([`carillon.bearer.${token}`, 'carillon']), 'carillon')
  await t.rejects(open([`carillon.bearer.${token}`]), /400/)
  await t.rejects(open(['carillon', `carillon.bearer.${token}x`]), /401/)
  await t.rejects(open(['carillon']), /401/)
})

t.test('anonymous clients have the rights of ANONYMOUS_GRANTS, and get 401 beyond them', async t => {
  const { url } = await start(t, { ANONYMOUS_GRANTS: '{"subscribe":["public:*"]}' })
  const open = await openSse(t, `${url}/channels/public:a/events`)
  t.equal(open.response.status, 200)
  for (const path of [
    '/channels/news/events',
    '/events?channel=public:a&channel=news',
    '/events?pattern=*',
    '/channels',
  ])
    await fetchProblem(t, await fetch(`${url}${path}`), 'unauthenticated', path)
  await fetchProblem(t, await fetch(`${url}/channels/public:a`, { method: 'POST' }), 'unauthenticated')
})

t.test('pages are for everybody or for who may inspect everything, as PUBLIC_PAGES says', async t => {
  const all = bearer(await sign({ claims: { carillon: { inspect: ['*'] } } }))
  const some = bearer(await sign({ claims: { carillon: { inspect: ['chat:*'] } } }))
  const closed = await start(t, { PUBLIC_PAGES: 'none' })
  const open = await start(t, { PUBLIC_PAGES: 'metrics,openapi,console' })
  for (const path of ['/metrics', '/openapi.json', '/console', '/console/icon.svg']) {
    t.equal((await fetch(`${open.url}${path}`)).status, 200, path)
    await fetchProblem(t, await fetch(`${closed.url}${path}`), 'unauthenticated', path)
    await fetchProblem(t, await fetch(`${closed.url}${path}`, { headers: some }), 'forbidden', path)
    t.equal((await fetch(`${closed.url}${path}`, { headers: all })).status, 200, path)
  }
  for (const path of ['/healthz', '/readyz']) t.equal((await fetch(`${closed.url}${path}`)).status, 200, path)
})

t.test('a cursor that is spelled like a token is accepted wherever a cursor is', async t => {
  const { url } = await build(t, { config: { JWT_SECRET: secret, HISTORY: '*', ANONYMOUS_GRANTS: '{"admin":["*"]}' } })
  // The first bytes of an id are a checksum of the channel's name and a byte of its epoch.
  const channel = Array.from({ length: 200_000 }, (_, i) => `user:${i}`).find(
    name => (crc32(name) & 0xffff) === 0x7b22,
  ) as string // one in 65,536 has this checksum
  const id = encodeId(channel, { epoch: '5fa1b2c3d4e5f607', offset: 1, tag: 0xabcdef })
  t.match(id, /^eyJ/)
  await fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'one' })
  for (const cursor of [`${id}.${id}.${id}`, 'eYJvVAC9AQ.SrDtwJERAQ']) {
    for (const path of [
      `/channels/${channel}/events?`,
      `/events?channel=${channel}&`,
      `/channels/${channel}/messages?`,
    ])
      for (const parameter of ['after', 'last_event_id']) {
        const answer = await fetch(`${url}${path}${parameter}=${cursor}`)
        t.equal(answer.status, 200, `${path}${parameter}=${cursor}`)
        await answer.body?.cancel()
      }
    const sse = await openSse(t, `${url}/channels/${channel}/events`, { 'last-event-id': cursor })
    t.equal((await sse.next()).event, 'gap')
    await openWebSocket(t, `${url}/channels/${channel}/ws?after=${cursor}`)
    const options = ['--after', cursor, '--limit', '1', '--timeout', '30']
    const tail = await startCli(t, ['tail', channel, '--url', url, ...options]).exited
    t.match(tail, { code: 0, stderr: '' }, 'carillon tail')
  }
})
