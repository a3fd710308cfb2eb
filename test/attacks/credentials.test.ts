import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import { PROBLEMS, type ProblemType } from '../../src/protocol/problem-types.js'
import { openSse } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { KeyServer } from '../support/key-server.js'
import { fetchProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { bearer, forge, jwkOf, rsa, secret, sign } from '../support/tokens.js'
import { PAGES, type RequestHeaders, TRANSPORTS, type Transport, upgrade } from '../support/transports.js'
import { until } from '../support/until.js'

const ISSUER = 'https://issuer.example'
const AUDIENCE = 'https://events.example'
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, carillon: { admin: ['*'] } }
const now = () => Math.floor(Date.now() / 1000)

/** The built program with every kind of credentials, on a real Redis, logging all that it ever logs. */
async function start(t: Test) {
  const redis = await startRedis(t)
  const key = createApiKey('backend', { admin: ['*'] })
  const ended = createApiKey('ended', { admin: ['*'] })
  const file = join(t.testdir(), 'keys.json')
  await writeFile(file, JSON.stringify({ keys: [jwkOf(rsa, 'r')] }))
  const gateway = await startGateway(t, {
    REDIS_URL: redis.url,
    LOG_LEVEL: 'trace',
    LOG_REQUESTS: 'all',
    HISTORY: 'news*',
    PUBLIC_PAGES: 'none',
    JWT_SECRET: secret,
    JWT_KEYS_FILE: file,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    JWT_COOKIE: 'token',
    API_KEYS: JSON.stringify([key.entry, { ...ended.entry, expires: '2020-01-01T00:00:00Z' }]),
  })
  const admin = bearer(key.key)

  /** Nobody listens, nothing is subscribed, kept or was ever published, and it still serves. */
  const leavesNothing = async (what: string) => {
    const own = async () =>
      (await redis.cli('PUBSUB', 'CHANNELS')).split('\n').filter(name => !name.startsWith('carillon:'))
    await until(async () => (await own()).join() === '', `${what}: no subscription stays in Redis`)
    t.equal(await redis.cli('PUBSUB', 'NUMPAT'), '0', `${what}: no pattern`)
    t.equal(await redis.cli('DBSIZE'), '0', `${what}: no key`)
    t.notMatch(
      await redis.cli('INFO', 'commandstats'),
      /cmdstat_(?:publish|evalsha|eval|xadd|del|psubscribe):/,
      `${what}: no command`,
    )
    const metrics = await (await fetch(`${gateway.url}/metrics`, { headers: admin })).text()
    const streams = [...metrics.matchAll(/^carillon_streams\{[^}]*\} (\d+)$/gm)].map(([, count]) => count)
    t.ok(streams.length > 0 && streams.every(count => count === '0'), `${what}: no stream`)
    t.match(metrics, /carillon_streams_opened_total|carillon_streams/, 'it still serves')
  }
  return { ...gateway, redis, key: key.key, ended: ended.key, admin, leavesNothing }
}

/** Holds the answer to what the table of problems says of the type, in the shape of the transport. */
async function refused(t: Test, answer: Response | undefined, type: ProblemType, { upstash }: Transport, what: string) {
  if (!answer) return void t.fail(`${what}: was let in`)
  if (!upstash) return void (await fetchProblem(t, answer, type, what))
  const body = await answer.text()
  const [status, , detail] = PROBLEMS[type]
  t.equal(answer.status, status, `${what}: status`)
  t.match(JSON.parse(body), { error: /^ERR |^EXECABORT |^NOPERM |^NOAUTH |^WRONGPASS / }, what)
  t.ok(detail)
}

t.test('invalid credentials get the same answer on every transport, and leave nothing behind', async t => {
  const { url, key, ended, admin, leavesNothing, output, stop, port } = await start(t)
  const decoy = await KeyServer.start(t, [jwkOf(rsa, 'r')])
  const good = await sign({ claims: CLAIMS })
  const byRsa = (header: object) =>
    sign({ alg: 'RS256', key: rsa.privateKey, header: { kid: 'r', ...header }, claims: CLAIMS })
  const invalid = /^Bearer realm="carillon", error="invalid_token"$/
  const forged: Record<string, string> = {
    'a bad signature': `${good.slice(0, -10)}AAAAAAAAAA`,
    'another secret': await sign({ claims: CLAIMS, key: Buffer.from('y'.repeat(40)) }),
    none: forge({ alg: 'none' }, CLAIMS),
    'HS256 keyed with the RSA public key': forge(
      { alg: 'HS256', kid: 'r' },
      CLAIMS,
      rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ),
    'another issuer': await sign({ claims: { ...CLAIMS, iss: 'https://evil.example' } }),
    'another audience': await sign({ claims: { ...CLAIMS, aud: 'shop' } }),
    'another type': await sign({ claims: CLAIMS, header: { typ: 'logout+jwt' } }),
    crit: forge({ alg: 'HS256', crit: ['exp'], exp: now() + 60 }, CLAIMS, secret),
    jku: await byRsa({ jku: decoy.url }),
    x5u: await byRsa({ x5u: decoy.url }),
    'not good yet': await sign({ claims: { ...CLAIMS, nbf: now() + 60 } }),
    'no end': await sign({ claims: { ...CLAIMS, exp: undefined } }),
    'an unknown key': createApiKey('unknown', { admin: ['*'] }).key,
    'no token at all': 'opaque',
  }
  const spent = `AAAAAAAA.${'A'.repeat(32)}`
  const cases: [what: string, headers: RequestHeaders, type: ProblemType, challenge: RegExp | undefined][] = [
    ['nothing', {}, 'unauthenticated', /^Bearer realm="carillon"$/],
    ...Object.entries(forged).map(
      ([what, token]) => [what, bearer(token), 'invalid-credentials', invalid] as (typeof cases)[number],
    ),
    [
      'an expired token',
      bearer(await sign({ claims: { ...CLAIMS, exp: now() - 60 } })),
      'invalid-credentials',
      /error="invalid_token", error_description="The token has expired\."$/,
    ],
    ['an expired key', bearer(ended), 'invalid-credentials', /error_description="The key has expired\."$/],
    ...['Token abc', 'Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', `Bearer ${good}, Bearer ${good}`, 'Bearer "x"'].map(
      value =>
        [
          `the header ${value.slice(0, 12)}`,
          { authorization: value },
          'malformed-credentials',
          undefined,
        ] as (typeof cases)[number],
    ),
    ['two ways at once', { ...bearer(good), cookie: `token=${good}` }, 'malformed-credentials', undefined],
    ['two cookies', { cookie: `token=${good}; token=${good}` }, 'malformed-credentials', undefined],
    [
      'a token without rights',
      bearer(await sign({ claims: { ...CLAIMS, carillon: {} } })),
      'forbidden',
      /^Bearer realm="carillon", error="insufficient_scope"$/,
    ],
    [
      'rights elsewhere',
      bearer(
        await sign({
          claims: {
            ...CLAIMS,
            carillon: { publish: ['other'], subscribe: ['other', 'new'], inspect: ['other'], admin: ['x*'] },
          },
        }),
      ),
      'forbidden',
      /insufficient_scope/,
    ],
  ]
  const everywhere = Object.entries({ ...TRANSPORTS, ...PAGES })
  const asked = everywhere.map(async ([name, transport]) => {
    for (const [what, headers, type, challenge] of cases) {
      // Who may do something somewhere is let in there, and refused by the piece: see the next test.
      if (type === 'forbidden' && transport.byPieces) continue
      // Names that one may inspect are listed, whether there are any or not.
      if (what === 'rights elsewhere' && name.startsWith('list')) continue
      const answer = await transport.ask(url, headers)
      const challenged = answer?.headers.get('www-authenticate') ?? ''
      await refused(t, answer, type, transport, `${name}, ${what}`)
      if (challenge) t.match(challenged, challenge, `${name}, ${what}: challenge`)
      else t.equal(challenged, '', `${name}, ${what}: no challenge`)
    }
  })
  await Promise.all(asked)

  const inUrls = everywhere.map(async ([name, transport]) => {
    for (const query of [`access_token=${good}`, `api_key=${key}`, `x=${good}`, `_token=${key}`])
      await refused(
        t,
        await transport.ask(url, {}, { query }),
        'credentials-in-url',
        transport,
        `${name}, ?${query.slice(0, 12)}`,
      )
    // A ticket in the query is one only where a stream is opened.
    const alone = await transport.ask(url, {}, { query: `ticket=${spent}` })
    await refused(
      t,
      alone,
      transport.stream ? 'invalid-credentials' : 'unauthenticated',
      transport,
      `${name}, a spent ticket`,
    )
    if (!transport.stream) return
    const both = await transport.ask(url, admin, { query: `ticket=${spent}` })
    await refused(t, both, 'malformed-credentials', transport, `${name}, a ticket and a key`)
    const two = await transport.ask(url, {}, { query: `ticket=${spent}&ticket=${spent}` })
    await refused(t, two, 'malformed-credentials', transport, `${name}, two tickets`)
  })
  await Promise.all(inUrls)

  const subprotocol = TRANSPORTS.WebSocket as Transport // it is in the table
  for (const path of ['/channels/news/ws', '/ws'])
    for (const [what, protocols, headers, type] of [
      ['a forged token', ['carillon', `carillon.bearer.${forged.none}`], {}, 'invalid-credentials'],
      ['two tokens', ['carillon', `carillon.bearer.${good}`, `carillon.bearer.${key}`], {}, 'malformed-credentials'],
      ['a token and a header', ['carillon', `carillon.bearer.${good}`], admin, 'malformed-credentials'],
      ['nothing to answer with', [`carillon.bearer.${good}`], {}, 'malformed-credentials'],
    ] as const)
      await refused(
        t,
        await upgrade(url + path, headers, [...protocols]),
        type,
        subprotocol,
        `${path}, subprotocol, ${what}`,
      )

  t.same(decoy.requests, [], 'nothing that a token names was fetched')
  await leavesNothing('bad credentials')

  // Every method of every path, whether there is such a route or not: nothing is answered to who shows nothing.
  const document = (await (await fetch(`${url}/openapi.json`, { headers: admin })).json()) as { paths: object }
  const paths = [
    ...Object.keys(document.paths),
    '/',
    '/nowhere',
    '/upstash',
    '/upstash/ping',
    '/docs',
    '/client.js',
    '/console',
    '/console/console.js',
  ]
  const isOpen = (path: string) => /^\/(?:healthz|readyz|client\.js)?$/.test(path)
  const tried = paths.map(async path => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      const { status, body } = await exchange(t, port, requestText(method, path.replace('{channel}', 'news')))
      // `OPTIONS` lists the methods of a path, which openapi.yaml does, too.
      t.ok(status >= 400 || isOpen(path) || (method === 'OPTIONS' && status === 204), `${method} ${path}: ${status}`)
      if (method === 'HEAD') t.equal(body, '')
    }
  })
  await Promise.all(tried)
  await leavesNothing('all methods')

  t.equal(await stop('SIGTERM'), 0)
  const secrets = { ...forged, good, key, ended, spent }
  for (const [what, text] of Object.entries(secrets))
    if (text !== 'opaque') t.notOk(output().includes(text), `the log does not have ${what}`)
})

t.test('a client with partial rights is refused for each missing one, and nothing is done', async t => {
  const { url, redis, leavesNothing, stop } = await start(t)
  const headers = bearer(
    await sign({
      claims: {
        ...CLAIMS,
        carillon: { publish: ['other'], subscribe: ['other', 'new'], inspect: ['other'], admin: ['x*'] },
      },
    }),
  )
  const pieces = async (name: string) => {
    const answer = await (TRANSPORTS[name] as Transport).ask(url, headers) // it is in the table
    t.equal(answer?.status, 200, name)
    return answer?.json()
  }
  t.match(await pieces('batch'), { results: [{ status: 403 }] })
  t.match(await pieces('Upstash, pipeline'), [{ error: /./ }])
  t.same(await pieces('list'), { channels: [] })
  t.same(await pieces('list with counts'), { channels: [] })
  const channels = await fetch(`${url}/upstash`, { method: 'POST', headers, body: '["PUBSUB","CHANNELS"]' })
  t.same(await channels.json(), { result: [] })
  const patterns = await fetch(`${url}/upstash`, { method: 'POST', headers, body: '["PUBSUB","NUMPAT"]' })
  t.equal(patterns.status, 403)
  await leavesNothing('pieces')

  // One channel that is granted does not bring the others along, on whatever carries several.
  for (const path of [
    '/events?channel=other&channel=news',
    '/events?channel=other&pattern=other*',
    '/events?pattern=*',
    '/upstash/subscribe/other/news',
    '/upstash/psubscribe/other*',
  ])
    t.equal((await fetch(url + path, { headers })).status, 403, path)
  const ticket = (body: object) =>
    fetch(`${url}/tickets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  for (const body of [
    { channels: ['other', 'news'] },
    { channels: ['other'], patterns: ['*'] },
    { channels: ['new'], rights: ['publish'] },
    { patterns: ['other*'] },
  ])
    t.equal((await ticket(body)).status, 403, JSON.stringify(body))
  await leavesNothing('several at once')

  // What is granted is not hurt.
  const stream = await openSse(t, `${url}/channels/other/events`, headers)
  t.equal(stream.response.status, 200)
  t.match(await redis.cli('PUBSUB', 'CHANNELS', 'o*'), 'other')
  stream.close()
  t.equal(await stop('SIGTERM'), 0)
})
