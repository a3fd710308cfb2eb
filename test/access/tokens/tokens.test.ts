import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { allows } from '../../../src/access/authorization.js'
import { createAccess } from '../../../src/access/create-access.js'
import { type Config, defaultConfig } from '../../../src/config/config.js'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { Problem } from '../../../src/protocol/problems.js'
import { silentLogger } from '../../../src/telemetry/logger.js'
import { ec, ed, forge, jwkOf, rsa, secret, sign } from '../../support/tokens.js'

async function accessFor(t: Test, config: Partial<Config>) {
  const access = await createAccess({ ...defaultConfig, ...config }, { log: silentLogger })
  t.teardown(() => access.close())
  return access
}

/** The keys of the issuer in a file. */
async function keysFile(t: Test, text: string): Promise<string> {
  const path = join(t.testdir(), 'keys')
  await writeFile(path, text)
  return path
}

const jwks = JSON.stringify({ keys: [jwkOf(rsa, 'r'), jwkOf(ec, 'e'), jwkOf(ed)] })
const pem = (pair: typeof rsa) => pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()

for (const [name, config, options] of [
  ['HS256', { JWT_SECRET: secret }, {}],
  ['RS256 by a JWK Set', { keys: jwks }, { alg: 'RS256', key: rsa.privateKey, header: { kid: 'r' } }],
  ['ES256 by a JWK Set', { keys: jwks }, { alg: 'ES256', key: ec.privateKey, header: { kid: 'e' } }],
  ['EdDSA by a key without kid', { keys: jwks }, { alg: 'EdDSA', key: ed.privateKey, header: { kid: 'any' } }],
  ['Ed25519, as RFC 9864 calls it', { keys: jwks }, { alg: 'Ed25519', key: ed.privateKey }],
  ['RS256 without kid', { keys: jwks }, { alg: 'RS256', key: rsa.privateKey }],
  ['RS256 by PEM', { keys: pem(rsa) }, { alg: 'RS256', key: rsa.privateKey }],
  ['the second of two PEM blocks', { keys: pem(ec) + pem(rsa) }, { alg: 'RS256', key: rsa.privateKey }],
  ['a single JWK', { keys: JSON.stringify(jwkOf(ec)) }, { alg: 'ES256', key: ec.privateKey }],
  ['an access token by RFC 9068', { JWT_SECRET: secret }, { header: { typ: 'application/AT+JWT' } }],
] as const)
  t.test(`takes ${name}`, async t => {
    const { keys, ...settings } = config as { keys?: string; JWT_SECRET?: string }
    const access = await accessFor(t, {
      ...settings,
      ...(keys !== undefined && { JWT_KEYS_FILE: await keysFile(t, keys) }),
    })
    const token = await sign({ ...options, claims: { carillon: { subscribe: ['user:{sub}:*', 'news'] } } })
    const caller = await access.authenticate(token)
    t.match(caller, { id: 'token:["","7"]', name: '7', by: 'token' })
    t.ok(allows(caller, 'subscribe', channelTopic('user:7:mail')))
    t.ok(allows(caller, 'subscribe', patternTopic('user:7:*')))
    t.notOk(allows(caller, 'subscribe', channelTopic('user:8:mail')))
    t.notOk(allows(caller, 'publish', channelTopic('news')))
    t.equal(await access.authenticate(token), caller, 'what has been checked is not checked again')
    const at = token.length - 10
    const broken = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    await t.rejects(async () => access.authenticate(broken), { name: 'Problem', type: 'invalid-credentials' })
  })

t.test('refuses an invalid token with one word, and fetches nothing because of it', async t => {
  let fetched = 0
  const server = createServer((_request, response) => {
    fetched++
    response.end(JSON.stringify({ keys: [jwkOf(stranger, 's')] }))
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys` // it listens on TCP
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const access = await accessFor(t, {
    JWT_SECRET: secret,
    JWT_KEYS_FILE: await keysFile(t, jwks),
    JWT_ISSUER: 'https://issuer.example, https://other.example',
    JWT_AUDIENCE: 'carillon',
    JWT_CLOCK_TOLERANCE_SECONDS: 5,
  })
  const claims = { iss: 'https://issuer.example', aud: 'carillon', carillon: { subscribe: ['news'] } }
  const now = Math.floor(Date.now() / 1000)
  const rsaToken = (header: object, key = rsa.privateKey) =>
    sign({ alg: 'RS256', key, header: { kid: 'r', ...header }, claims })
  t.ok(await access.authenticate(await sign({ claims })), 'the same token without a fault is taken')
  t.ok(await access.authenticate(await rsaToken({})), 'and the one signed by RS256')
  t.ok(
    await access.authenticate(await sign({ claims: { ...claims, aud: ['x', 'carillon'], exp: now - 2 } })),
    'tolerance',
  )

  const refused: Record<string, string> = {
    expired: await sign({ claims: { ...claims, exp: now - 60 } }),
    'not good yet': await sign({ claims: { ...claims, nbf: now + 60 } }),
    'without an end': await sign({ claims: { ...claims, exp: undefined } }),
    'an end that is no number': forge({ alg: 'HS256' }, { ...claims, exp: 'never' }, secret),
    'signed by another secret': await sign({ claims, key: Buffer.from('x'.repeat(32)) }),
    'signed by another key': await rsaToken({}, stranger.privateKey),
    'a kid that nobody has': await rsaToken({ kid: 'nobody' }),
    none: forge({ alg: 'none' }, claims),
    None: forge({ alg: 'None' }, claims),
    'none with a signature': forge({ alg: 'none' }, claims, secret),
    'no algorithm': forge({}, claims, secret),
    'an algorithm that is an object': forge({ alg: { toString: 'HS256' } }, claims, secret),
    '__proto__ for an algorithm': forge({ alg: '__proto__' }, claims, secret),
    'HS256 keyed with the RSA public key as PEM': forge({ alg: 'HS256', kid: 'r' }, claims, pem(rsa)),
    'HS256 keyed with the RSA public key as DER': forge(
      { alg: 'HS256' },
      claims,
      rsa.publicKey.export({ type: 'spki', format: 'der' }),
    ),
    'HS256 keyed with the RSA public key as JWK': forge({ alg: 'HS256' }, claims, JSON.stringify(jwkOf(rsa, 'r'))),
    'HS256 keyed with nothing': forge({ alg: 'HS256' }, claims, ''),
    'RS512 by a key for RS256': await sign({ alg: 'RS512', key: rsa.privateKey, claims }),
    'PS256 by a key for RS256': await sign({ alg: 'PS256', key: rsa.privateKey, claims }),
    'an issuer that is not ours': await sign({ claims: { ...claims, iss: 'https://evil.example' } }),
    'no issuer': await sign({ claims: { ...claims, iss: undefined } }),
    'for somebody else': await sign({ claims: { ...claims, aud: 'shop' } }),
    'for nobody': await sign({ claims: { ...claims, aud: undefined } }),
    'a logout token': await sign({ claims, header: { typ: 'logout+jwt' } }),
    'a DPoP proof': await sign({ claims, header: { typ: 'dpop+jwt' } }),
    'a type that is no text': forge({ alg: 'HS256', typ: 1 }, claims, secret),
    'an extension that must be understood': forge({ alg: 'HS256', crit: ['exp'], exp: 1 }, claims, secret),
    'crit that is empty': forge({ alg: 'HS256', crit: [] }, claims, secret),
    'its keys at a URL (jku)': await rsaToken({ kid: 's', jku: elsewhere }, stranger.privateKey),
    'its keys at a URL, signed by ours': await rsaToken({ jku: elsewhere }),
    'its certificate at a URL (x5u)': await rsaToken({ x5u: elsewhere }),
    'its own key (jwk)': await rsaToken({ jwk: jwkOf(stranger) }, stranger.privateKey),
    'its own certificate (x5c)': await rsaToken({ x5c: ['AA=='] }),
    'rights that are no rights': await sign({ claims: { ...claims, carillon: { subscribe: 'news' } } }),
    'a right that does not exist': await sign({ claims: { ...claims, carillon: { everything: ['*'] } } }),
    'a subject that is a list': await sign({ claims: { ...claims, sub: ['a:b'] } }),
    'a subject that is a number': await sign({ claims: { ...claims, sub: 7 } }),
    'a subject that is null': await sign({ claims: { ...claims, sub: null } }),
    'a pattern that is none': await sign({ claims: { ...claims, carillon: { subscribe: ['a b'] } } }),
    'two parts': 'eyJhbGciOiJIUzI1NiJ9.e30',
    'four parts': `${await sign({ claims })}.x`,
    encrypted: 'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d',
    garbage: 'x',
    'very long garbage': 'x.'.repeat(50_000),
  }
  for (const [what, token] of Object.entries(refused)) {
    const error = await Promise.resolve()
      .then(() => access.authenticate(token))
      .catch((error: unknown) => error)
    if (!(error instanceof Problem)) {
      t.fail(`${what} was taken`)
      continue
    }
    t.equal(error.type, 'invalid-credentials', what)
    const description = what === 'expired' ? ', error_description="The token has expired."' : ''
    t.equal(error.headers['www-authenticate'], `Bearer realm="carillon", error="invalid_token"${description}`, what)
  }
  t.equal(fetched, 0, 'nothing was fetched')
})

t.test('a token for an audience is refused where no audience is set', async t => {
  const access = await accessFor(t, { JWT_SECRET: secret })
  await t.rejects(async () => access.authenticate(await sign({ claims: { aud: 'shop' } })), {
    name: 'Problem',
    type: 'invalid-credentials',
  })
})

t.test('takes only the type that JWT_TYPE names', async t => {
  const access = await accessFor(t, { JWT_SECRET: secret, JWT_TYPE: 'at+jwt' })
  t.ok(await access.authenticate(await sign({ header: { typ: 'at+jwt' } })))
  for (const header of [{}, { typ: 'JWT' }])
    await t.rejects(async () => access.authenticate(await sign({ header })), {
      name: 'Problem',
      type: 'invalid-credentials',
    })
})

t.test('refuses a token older than JWT_MAX_AGE_SECONDS, no matter its exp', async t => {
  const access = await accessFor(t, { JWT_SECRET: secret, JWT_MAX_AGE_SECONDS: 60, JWT_CLOCK_TOLERANCE_SECONDS: 0 })
  const now = Math.floor(Date.now() / 1000)
  const caller = await access.authenticate(await sign({ claims: { iat: now - 30, exp: now + 86_400 } }))
  t.equal(caller.expiresAt, (now + 30) * 1000)
  for (const iat of [now - 90, undefined, now + 90])
    await t.rejects(async () => access.authenticate(await sign({ claims: { iat } })), {
      name: 'Problem',
      type: 'invalid-credentials',
    })
})

t.test('JWT_GRANTS are added to what the claim grants, and the claim has the name of JWT_CLAIM', async t => {
  const access = await accessFor(t, {
    JWT_SECRET: secret,
    JWT_CLAIM: 'https://example.com/rights',
    JWT_GRANTS: '{"subscribe":["user:{sub}:*"]}',
  })
  const claims = { carillon: { admin: ['*'] }, 'https://example.com/rights': { publish: ['x'] } }
  const caller = await access.authenticate(await sign({ claims }))
  t.ok(allows(caller, 'publish', channelTopic('x')))
  t.ok(allows(caller, 'subscribe', channelTopic('user:7:x')))
  t.notOk(allows(caller, 'publish', channelTopic('y')))
})

t.test('a caller is its issuer and subject; without a subject each token is one of its own', async t => {
  const access = await accessFor(t, { JWT_SECRET: secret })
  const id = async (claims: object) => (await access.authenticate(await sign({ claims }))).id
  t.equal(await id({ sub: 'a', jti: '1' }), await id({ sub: 'a', jti: '2' }))
  t.not(await id({ sub: 'a', iss: 'x' }), await id({ sub: 'a', iss: 'y' }))
  t.not(await id({ sub: '"]', iss: '["' }), await id({ sub: '', iss: '["","\\"]' }))
  t.not(await id({ sub: undefined, jti: '1' }), await id({ sub: undefined, jti: '2' }))
})

t.test('another spelling of a token is refused, and a second signature is the same caller', async t => {
  const access = await accessFor(t, { JWT_SECRET: secret, JWT_KEYS_FILE: await keysFile(t, jwks) })
  const anonymous = { claims: { sub: undefined, carillon: { subscribe: ['news'] } } }
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (const options of [
    { ...anonymous, alg: 'HS256' },
    { ...anonymous, alg: 'RS256', key: rsa.privateKey },
    { ...anonymous, alg: 'ES256', key: ec.privateKey },
    { ...anonymous, alg: 'EdDSA', key: ed.privateKey },
  ]) {
    const token = await sign(options)
    t.ok(await access.authenticate(token), options.alg)
    const last = alphabet.indexOf(token.at(-1) ?? '')
    const [head = '', claims = '', signature = ''] = token.split('.')
    for (const other of [
      `${token}=`,
      `${token}==`,
      token.slice(0, -1) + alphabet[last ^ 1], // a bit that belongs to no byte
      `${head}=.${claims}.${signature}`,
      `${head}.${claims}.${signature.replaceAll('-', '+').replaceAll('_', '/')}=`,
    ])
      await t.rejects(async () => access.authenticate(other), { name: 'Problem', type: 'invalid-credentials' }, other)
  }

  const token = await sign({ ...anonymous, alg: 'ES256', key: ec.privateKey })
  const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551') // of P-256
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`)
  const mirrored = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
  const twin = `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.concat([signature.subarray(0, 32), mirrored]).toString('base64url')}`
  t.not(twin, token)
  t.equal((await access.authenticate(twin)).id, (await access.authenticate(token)).id)
})

t.test('long claims of a token are not stored with its caller', async t => {
  const access = await accessFor(t, { JWT_SECRET: secret })
  const caller = async (claims: object) => access.authenticate(await sign({ claims }))
  const long = await caller({ sub: 'x'.repeat(8000), iss: 'y'.repeat(2000) })
  t.ok(long.id.length < 600 && long.name.length < 600)
  t.equal(long.id, (await caller({ sub: 'x'.repeat(8000), iss: 'y'.repeat(2000), jti: '2' })).id)
  t.not(long.id, (await caller({ sub: `${'x'.repeat(7999)}z`, iss: 'y'.repeat(2000) })).id)
  const { id } = await caller({ sub: undefined })
  t.not((await caller({ sub: (JSON.parse(id.slice('token:'.length)) as string[]).at(-1) })).id, id)
})

t.test('tokens with many rights take little memory, however many come', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const access = await accessFor(t, { JWT_SECRET: secret })
  const before = heap()
  for (let i = 0; i < 1000; i++) {
    const subscribe = Array.from({ length: 100 }, (_, place) => `user:${i}:room:${place}:*:and-some-more-of-a-name`)
    const caller = await access.authenticate(forge({ alg: 'HS256' }, { sub: `${i}`, carillon: { subscribe } }, secret))
    if (i % 100 === 0) t.ok(allows(caller, 'subscribe', patternTopic(`user:${i}:room:99:?:and-some-more-of-a-name`)))
  }
  const grown = (heap() - before) / 1024 / 1024
  t.ok(grown < 40, `${grown.toFixed(1)} MiB for 5 MiB of patterns`)
  t.equal(access.mode, 'rules', 'it was not collected, either')
})

for (const [what, config, message] of [
  ['a short secret', { JWT_SECRET: 'short' }, /^JWT_SECRET must have at least 32 bytes$/],
  ['a JWK Set without an issuer', { JWT_JWKS_URL: 'https://a.example/jwks', JWT_AUDIENCE: 'x' }, /needs JWT_ISSUER/],
  ['a JWK Set without an audience', { JWT_JWKS_URL: 'https://a.example/jwks', JWT_ISSUER: 'x' }, /JWT_AUDIENCE/],
  ['keys over plain HTTP', { JWT_JWKS_URL: 'http://a.example/', JWT_ISSUER: 'x', JWT_AUDIENCE: 'x' }, /https:/],
  ['keys from a file', { JWT_JWKS_URL: 'file:///etc/passwd', JWT_ISSUER: 'x', JWT_AUDIENCE: 'x' }, /https:/],
  ['a file that is not there', { JWT_KEYS_FILE: '/nowhere/keys' }, /^JWT_KEYS_FILE: .*cannot be read \(ENOENT\)$/],
  [
    'rights that are none',
    { JWT_SECRET: secret, JWT_GRANTS: '{"hear":["*"]}' },
    /^JWT_GRANTS: there is no right "hear"/,
  ],
  ['rights that are not JSON', { ANONYMOUS_GRANTS: 'all' }, /^ANONYMOUS_GRANTS: it is not JSON$/],
  ['a page that is none', { PUBLIC_PAGES: 'docs,admin' }, /^PUBLIC_PAGES has "admin"/],
] as const)
  t.test(`does not start with ${what}`, async t => {
    await t.rejects(createAccess({ ...defaultConfig, ...config }, { log: silentLogger }), {
      name: 'ConfigError',
      message,
    })
  })

for (const [what, text, message] of [
  ['a private key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /private key/],
  ['a private JWK', JSON.stringify(ed.privateKey.export({ format: 'jwk' })), /private key/],
  ['a shared secret', JSON.stringify({ kty: 'oct', k: 'AAAA' }), /no key for RS256/],
  ['an RSA key of 1024 bits', pem(generateKeyPairSync('rsa', { modulusLength: 1024 })), /2048 bits/],
  ['another curve', pem(generateKeyPairSync('ec', { namedCurve: 'secp384r1' })), /P-256/],
  ['a key for encryption', JSON.stringify({ ...jwkOf(rsa), use: 'enc' }), /no key for RS256/],
  ['a key for RS512', JSON.stringify({ ...jwkOf(rsa), alg: 'RS512' }), /no key for RS256/],
  ['broken PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /cannot be read as a public key/],
  ['something else', 'hello', /neither PEM nor JSON/],
] as const)
  t.test(`does not start with ${what} for JWT_KEYS_FILE`, async t => {
    const config = { ...defaultConfig, JWT_KEYS_FILE: await keysFile(t, text) }
    await t.rejects(createAccess(config, { log: silentLogger }), { name: 'ConfigError', message })
  })
