import { generateKeyPairSync } from 'node:crypto'
import * as jose from 'jose'
import t, { type Test } from 'tap'
import type { Caller } from '../../../src/access/caller.js'
import { RemoteKeys, remoteKeySet } from '../../../src/access/tokens/remote-keys.js'
import { publicKeys, TokenKeys } from '../../../src/access/tokens/token-keys.js'
import { Tokens } from '../../../src/access/tokens/tokens.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { openSse, openWebSocket } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { KeyServer } from '../../support/key-server.js'
import { fetchProblem } from '../../support/problems.js'
import { bearer, ec, ed, jwkOf, rsa, sign } from '../../support/tokens.js'

const COOLDOWN_MS = 5000
const claims = { iss: 'https://issuer.example', aud: 'carillon', carillon: { subscribe: ['news'] } }
const invalid = { name: 'Problem', type: 'invalid-credentials' }
const unavailable = { name: 'Problem', type: 'token-keys-unavailable', headers: { 'retry-after': '5' } }

const byRsa = (kid?: string, header: object = {}) =>
  sign({ alg: 'RS256', key: rsa.privateKey, header: { ...(kid && { kid }), ...header }, claims })
const byEc = (kid?: string) => sign({ alg: 'ES256', key: ec.privateKey, header: kid ? { kid } : {}, claims })

/** Tokens that are checked by the keys of a provider, at a time that the test sets. */
async function setUp(t: Test, { url }: KeyServer, { file, ...options }: { file?: string; timeoutMs?: number } = {}) {
  let now = 0
  const warnings: string[] = []
  const log = { ...silentLogger, warn: (_fields: object, text: string) => void warnings.push(text) }
  const keys = new TokenKeys()
  if (file !== undefined) keys.replace('file', publicKeys(file, 'file'))
  const remote = new RemoteKeys(remoteKeySet(jose, new URL(url), options), keys, {
    url,
    refreshSeconds: 86_400,
    log,
    now: () => now,
  })
  t.teardown(() => remote.close())
  const rules = {
    issuers: [claims.iss],
    audiences: [claims.aud],
    type: undefined,
    toleranceSeconds: 5,
    maxAgeSeconds: 0,
    claim: 'carillon',
    grants: {},
  }
  const tokens = new Tokens({ jose, keys, remote, rules, log })
  return {
    warnings,
    authenticate: async (token: string): Promise<Caller> => tokens.authenticate(token),
    pass: (ms: number) => {
      now += ms
    },
  }
}

t.test('a key that the provider adds is fetched when a token names it, after the cooldown', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'old')])
  const { authenticate, pass } = await setUp(t, server)
  const old = await authenticate(await byRsa('old'))
  t.same(server.requests, ['GET /jwks'], 'fetched at the start')

  server.keys = [jwkOf(rsa, 'old'), jwkOf(ec, 'new')]
  const token = await byEc('new')
  pass(COOLDOWN_MS)
  await t.rejects(authenticate(token), invalid, 'within the cooldown nobody asks')
  t.equal(server.requests.length, 1)
  pass(1)
  t.match(await authenticate(token), { by: 'token', name: '7' })
  t.equal(server.requests.length, 2)
  t.equal(old.credential.revoked, false, 'the old key stays as it was')
  await authenticate(await byRsa('old'))
  t.equal(server.requests.length, 2, 'keys that are known are not asked for')
})

t.test('made-up tokens do not hammer the provider', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'r')])
  const { authenticate, pass } = await setUp(t, server)
  await authenticate(await byRsa('r'))
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      sign({ alg: 'ES256', key: stranger.privateKey, header: { kid: `x${i}` }, claims }),
    ),
  )
  const all = async () => {
    const answers = await Promise.allSettled(made.map(authenticate))
    t.ok(answers.every(({ status }) => status === 'rejected'))
  }
  await all()
  t.equal(server.requests.length, 1, 'none within the cooldown')
  for (let round = 2; round <= 4; round++) {
    pass(COOLDOWN_MS + 1)
    await all()
    await all()
    t.equal(server.requests.length, round, 'one for all of them')
  }
  pass(COOLDOWN_MS + 1)
  await t.rejects(authenticate(await sign({ header: { kid: 'x' }, claims })), invalid)
  t.equal(server.requests.length, 4, 'no provider has shared secrets in its set')
})

t.test('a key that goes takes its tokens along, also those that were checked before', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'a'), jwkOf(ec, 'b')])
  const { authenticate, pass } = await setUp(t, server)
  const [tokenA, tokenB] = [await byRsa('a'), await byEc('b')]
  const [a, b] = [await authenticate(tokenA), await authenticate(tokenB)]
  server.keys = [jwkOf(ec, 'b')]
  pass(COOLDOWN_MS + 1)
  await t.rejects(authenticate(await byRsa('unknown')), invalid)
  t.equal(a.credential.revoked, true)
  await t.rejects(authenticate(tokenA), invalid)
  t.equal(await authenticate(tokenB), b, 'the others are not disturbed')
})

t.test('another key by the same name is another key', async t => {
  const server = await KeyServer.start(t, [jwkOf(ec, 'k')])
  const { authenticate, pass } = await setUp(t, server)
  const before = await authenticate(await byEc('k'))
  const next = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  server.keys = [jwkOf(next, 'k')]
  pass(COOLDOWN_MS + 1)
  t.ok(await authenticate(await sign({ alg: 'ES256', key: next.privateKey, header: { kid: 'k' }, claims })))
  t.equal(before.credential.revoked, true)
  await t.rejects(authenticate(await byEc('k')), invalid)
})

t.test('keys without names rotate too, and beside a file with keys without names', async t => {
  const next = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = await KeyServer.start(t, [jwkOf(ec)])
  const file = JSON.stringify(jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })))
  const { authenticate, pass } = await setUp(t, server, { file })
  t.ok(await authenticate(await byEc()))
  server.keys = [jwkOf(next)]
  pass(COOLDOWN_MS + 1)
  t.ok(await authenticate(await sign({ alg: 'ES256', key: next.privateKey, claims })))
  server.keys = [jwkOf(ec, 'named')]
  pass(COOLDOWN_MS + 1)
  t.ok(await authenticate(await byEc('named')), 'the key of the file would do for any name, and has not signed it')
})

t.test('while the provider is away the last keys go on, and it is logged once', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'r')])
  const { authenticate, pass, warnings } = await setUp(t, server, { timeoutMs: 300 })
  const token = await byRsa('r')
  const caller = await authenticate(token)
  const elsewhere = await KeyServer.start(t, [jwkOf(ec, 'e')])
  const troubles: Record<string, KeyServer['answer']> = {
    'an error': response => response.writeHead(500).end('{"keys":[]}'),
    'no JSON': response => response.end('<html>'),
    'no set': response => response.end('[]'),
    'an empty set': response => response.end('{"keys":[]}'),
    'keys for other uses': response => response.end(JSON.stringify({ keys: [{ ...jwkOf(ec, 'e'), use: 'enc' }] })),
    'a redirect': response => response.writeHead(302, { location: elsewhere.url }).end(),
    'bytes that are nothing': response => response.end(Buffer.from([0xff, 0x00, 0x80, 0x1f, 0x8b])),
    'a key that cannot be': response => response.end(JSON.stringify({ keys: [{ ...jwkOf(ec, 'e'), x: 'AAAA' }] })),
    'no answer': () => {},
    'an answer that stops': response => response.writeHead(200).write('{"keys":'),
    'an answer that trickles': response => {
      response.writeHead(200).write('{"keys":')
      const trickle = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(trickle))
    },
    'too large an answer': response =>
      response.end(`{"keys":[${JSON.stringify(jwkOf(ec, 'e'))}],"x":"${'x'.repeat(2 ** 20)}"}`),
    'too many keys': response => response.end(JSON.stringify({ keys: Array(101).fill(jwkOf(ec, 'e')) })),
    'half an answer': response => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"keys":')
      response.destroy()
    },
  }
  for (const [what, answer] of Object.entries(troubles)) {
    server.answer = answer
    const before = server.requests.length
    pass(COOLDOWN_MS + 1)
    await t.rejects(authenticate(await byEc('e')), invalid, what)
    t.equal(server.requests.length, before + 1, `${what}: it was asked`)
    t.equal(await authenticate(token), caller, `${what}: the keys stay good`)
    t.ok(await authenticate(await byRsa('r', { typ: 'JWT' })), `${what}: for new tokens too`)
  }
  t.same(elsewhere.requests, [], 'a redirect is not followed')
  server.answer = response => response.end(JSON.stringify({ keys: server.keys }))
  pass(COOLDOWN_MS + 1)
  await t.rejects(authenticate(await byEc('e')), invalid, 'it is back')
  await server.stop()
  warnings.length = 0
  for (let i = 0; i < 3; i++) {
    pass(COOLDOWN_MS + 1)
    await t.rejects(authenticate(await byEc('e')), invalid, 'nothing listens')
  }
  t.equal(await authenticate(token), caller)
  t.equal(warnings.length, 1)
})

t.test('an answer without end is not read to its end', async t => {
  const server = await KeyServer.start(t, [])
  let written = 0
  server.answer = response => {
    response.writeHead(200).write('{"keys":[')
    const more = () => {
      while (!response.destroyed && written < 2 ** 28) {
        written += 65_536
        if (!response.write(' '.repeat(65_536))) return void response.once('drain', more)
      }
    }
    more()
  }
  const { authenticate } = await setUp(t, server, { timeoutMs: 20_000 })
  await t.rejects(authenticate(await byRsa('r')), unavailable)
  t.ok(written < 2 ** 26, `${written} bytes were taken`)
})

t.test('before keys are fetched, tokens get 503; afterwards they work', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'r')], { listens: false })
  const { authenticate, pass } = await setUp(t, server)
  const token = await byRsa('r')
  await t.rejects(authenticate(token), unavailable)
  await t.rejects(authenticate(await sign({ claims })), invalid, 'a shared secret is none of the provider')
  await server.listen()
  await t.rejects(authenticate(token), unavailable, 'within the cooldown')
  pass(COOLDOWN_MS + 1)
  t.ok(await authenticate(token))
})

t.test('nothing that a token names is fetched', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'r')])
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const decoy = await KeyServer.start(t, [jwkOf(stranger, 's')])
  const { authenticate, pass } = await setUp(t, server)
  await authenticate(await byRsa('r'))
  for (const header of [
    { jku: decoy.url },
    { x5u: decoy.url },
    { jwk: jwkOf(stranger) },
    { x5c: ['AA=='] },
    { jku: server.url, kid: 'r' },
  ])
    for (const key of [stranger.privateKey, rsa.privateKey]) {
      pass(COOLDOWN_MS + 1)
      await t.rejects(authenticate(await sign({ alg: 'RS256', key, header: { kid: 's', ...header }, claims })), invalid)
    }
  t.equal(server.requests.length, 1, 'not even where the keys are')
  for (const kid of [decoy.url, '../../other', '/other', '?x', 'r\0', '__proto__']) {
    pass(COOLDOWN_MS + 1)
    const token = await sign({ alg: 'RS256', key: stranger.privateKey, header: { kid }, claims })
    await t.rejects(authenticate(token), invalid, kid)
  }
  t.same(decoy.requests, [])
  t.same([...new Set(server.requests)], ['GET /jwks'], 'a name is never part of an address')
})

const settings = (server: KeyServer) => ({
  JWT_JWKS_URL: server.url,
  JWT_ISSUER: claims.iss,
  JWT_AUDIENCE: claims.aud,
})

t.test('a gateway without keys says 503, and sends an EventSource away to come back', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'r')], { listens: false })
  const { url } = await build(t, { config: settings(server) })
  const headers = bearer(await byRsa('r'))
  const refused = await fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers })
  t.equal(refused.headers.get('retry-after'), '5')
  await fetchProblem(t, refused, 'token-keys-unavailable')
  await t.rejects(openWebSocket(t, `${url}/channels/news/ws`, { headers }), /503/)
  const stream = await fetch(`${url}/channels/news/events`, { headers: { accept: 'text/event-stream', ...headers } })
  t.equal(stream.status, 200)
  t.match(await stream.text(), /^retry: \d+\n$/)
})

t.test('the keys are fetched again by the clock, and a key that is gone ends its streams', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'a'), jwkOf(ed, 'b')])
  const { url } = await build(t, { config: { ...settings(server), JWT_JWKS_SECONDS: 1 } })
  const headers = bearer(await byRsa('a'))
  const others = bearer(await sign({ alg: 'EdDSA', key: ed.privateKey, header: { kid: 'b' }, claims }))
  const sse = await openSse(t, `${url}/channels/news/events`, headers)
  const webSocket = await openWebSocket(t, `${url}/channels/news/ws`, { headers })
  const other = await openWebSocket(t, `${url}/channels/news/ws`, { headers: others })
  server.keys = [jwkOf(ed, 'b')]
  await sse.untilEnd()
  t.match(await webSocket.closed, { code: 1008, reason: /access_revoked/ })
  await fetchProblem(t, await fetch(`${url}/channels/news/events`, { headers }), 'invalid-credentials')
  t.equal(other.socket.readyState, other.socket.OPEN, 'the stream of the other key stays')
  await server.stop()
  t.ok(await openSse(t, `${url}/channels/news/events`, others), 'and it can open others while the provider is away')
})
