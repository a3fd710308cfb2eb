import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import WebSocket from 'ws'
import { createApiKey } from '../../src/access/api-keys.js'
import carillon from '../../src/app.js'
import { Authority } from '../support/certificates.js'
import { openSse } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { hostApp, listening } from '../support/host-app.js'
import { KeyServer } from '../support/key-server.js'
import { freePort } from '../support/ports.js'
import { exchange, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { runCli, startCli } from '../support/run-cli.js'
import { bearer, secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'

t.test('keys, tokens, tickets and secrets never appear in a log', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'redis-password'] })
  const { key, entry } = createApiKey('backend', { admin: ['*'] })
  const file = join(t.testdir(), 'keys.json')
  await writeFile(file, JSON.stringify([entry]))
  const gateway = await startGateway(t, {
    LOG_LEVEL: 'trace',
    REDIS_URL: redis.url.replace('redis://', 'redis://:redis-password@'),
    API_KEYS_FILE: file,
    JWT_SECRET: secret,
    JWT_COOKIE: 'token',
  })
  const { url, port } = gateway
  const token = await sign({ claims: { carillon: { subscribe: ['news'] } } })
  const wrong = `${token.slice(0, -8)}AAAAAAAA`
  const strange = createApiKey('strange', {}).key
  const answer = await fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: '{"channels":["news"]}',
  })
  const { ticket } = (await answer.json()) as { ticket: string }
  const stream = await openSse(t, `${url}/channels/news/events?ticket=${ticket}`)
  const pass = /=([\w-]{32});/.exec(stream.response.headers.get('set-cookie') ?? '')?.[1] ?? 'none'
  t.not(pass, 'none')

  const secrets = { key, token, wrong, strange, ticket, pass, secret }
  for (const value of Object.values(secrets)) {
    const encoded = encodeURIComponent(value)
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers: { cookie: `token=${encoded}` } })
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers: { authorization: `Basic ${encoded}` } })
    for (const path of ['channels/news/events', 'nowhere', 'ws'])
      for (const name of ['access_token', 'ticket'])
        await (await fetch(`${url}/${path}?${name}=${encoded}`)).body?.cancel()
    if (/^[\w.-]+$/.test(value)) {
      await (await fetch(`${url}/channels/news/events?limit=1&timeout=0.1`, { headers: bearer(value) })).text()
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['carillon', `carillon.bearer.${value}`])
      // It is let in, and ends over a frame that is no request; or it is refused.
      socket.on('open', () => socket.send(value))
      socket.on('error', () => {})
      await new Promise(resolve => socket.on('close', resolve))
    }
    await exchange(t, port, requestText('GET', `/%zz?ticket=${encoded}`))
    await exchange(
      t,
      port,
      requestText('GET', `/channels/news/events?ticket=${encoded}`, { headers: { authorization: 'x' } }),
    )
    await exchange(t, port, `GET /channels?access_token=${encoded} HTTP/9.9\r\n\r\n`)
  }
  await writeFile(file, `[${JSON.stringify(key)}]`)
  gateway.process.kill('SIGHUP')
  await until(() => gateway.output().includes('configuration file is invalid'), 'it has looked at the file')
  await gateway.stop('SIGTERM')

  const log = gateway.output()
  t.match(log, 'request failed', 'refusals are logged')
  t.match(log, 'configuration file is invalid', 'and that the file cannot be used')
  for (const [name, value] of Object.entries({ ...secrets, redis: 'redis-password' })) {
    t.notOk(log.includes(value) || log.includes(encodeURIComponent(value)), name)
  }
  t.notOk(log.includes(ticket.split('.')[1] ?? ''), 'nor the secret part of a ticket')
})

/** In every secret from here on, so that one search finds all of them. */
const MARK = 's3cr3t'
const noSecret = (t: Test, text: string, what: string) => t.notMatch(text, MARK, `${what}: no secret in the output`)

/** Runs the gateway until it has written the words, and ends it. */
async function provoke(t: Test, environment: Record<string, string>, words: RegExp) {
  const gateway = startCli(t, ['serve'], { environment: { PORT: '0', LOG_LEVEL: 'trace', ...environment } })
  await gateway.until(words)
  gateway.kill('SIGINT')
  const { stdout, stderr } = await gateway.exited
  noSecret(t, stdout + stderr, `${words}`)
}

const REFUSED = /Redis refuses the user name or the password/

t.test('a Redis that refuses the password leaves none in the log', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'other'] })
  const plain = redis.url.replace('//', `//gw:${MARK}-password@`)
  await provoke(t, { REDIS_URL: plain }, REFUSED)
  await provoke(t, { REDIS_URL: plain, WORKERS: '2' }, REFUSED)
  const cluster = await startRedis(t, { args: ['--cluster-enabled', 'yes', '--requirepass', 'other'] })
  const clusterUrl = `redis+cluster://gw:${MARK}-password@127.0.0.1:${cluster.port}`
  await provoke(t, { REDIS_URL: clusterUrl }, REFUSED)
  await provoke(t, { REDIS_URL: clusterUrl, REDIS_SHARDED: 'true' }, REFUSED)
})

t.test('a Redis that does not know the commands for logging in quotes them, and the log does not', async t => {
  const renamed = (...names: string[]) => names.flatMap(name => ['--rename-command', name, ''])
  for (const names of [['HELLO'], ['AUTH'], ['HELLO', 'AUTH']]) {
    const redis = await startRedis(t, { args: ['--requirepass', 'other', ...renamed(...names)] })
    const REDIS_URL = redis.url.replace('//', `//gw:${MARK}-password@`)
    await provoke(t, { REDIS_URL }, /"connection":"carillon:publisher/)
  }
})

t.test('nor do Sentinels that refuse it, or cannot be reached', async t => {
  const master = await startRedis(t, { args: ['--requirepass', 'other'] })
  const port = await freePort()
  const config = join(t.testdir(), 'sentinel.conf')
  await writeFile(
    config,
    `port ${port}\nbind 127.0.0.1\nrequirepass theirs\nsentinel monitor m 127.0.0.1 ${master.port} 1\n`,
  )
  const sentinel = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' })
  t.teardown(() => sentinel.kill('SIGKILL'))
  const REDIS_URL = `redis+sentinel://gw:${MARK}-password@127.0.0.1:${port}/m`
  const REDIS_SENTINEL_PASSWORD = `${MARK}-sentinel`
  await provoke(t, { REDIS_URL, REDIS_SENTINEL_PASSWORD }, /the Sentinels refuse the gateway/)
  await provoke(t, { REDIS_URL, REDIS_SENTINEL_PASSWORD: 'theirs' }, REFUSED)
  sentinel.kill('SIGKILL')
  await provoke(t, { REDIS_URL, REDIS_SENTINEL_PASSWORD }, /no Sentinel can be reached/)
})

t.test('nor does a password that is changed while the gateway runs, or what Redis refuses then', async t => {
  const redis = await startRedis(t)
  const setUser = (...rules: string[]) =>
    redis.cli('ACL', 'SETUSER', 'gw', 'on', 'resetpass', '~*', '&*', '+@all', ...rules)
  await setUser(`>${MARK}-password`)
  const gateway = await startGateway(t, {
    LOG_LEVEL: 'trace',
    REDIS_URL: redis.url.replace('//', `//gw:${MARK}-password@`),
    HISTORY: 'kept',
    PUBLISH_RATE: '1000/s',
  })
  const post = (path: string, type: string, body: string) =>
    fetch(gateway.url + path, {
      method: 'POST',
      body,
      headers: { 'content-type': type, 'idempotency-key': `${MARK}-key` },
    }).then(({ status }) => status)
  const publishAll = async () => {
    for (const channel of ['news', 'kept']) await post(`/channels/${channel}`, 'text/plain', `${MARK}-message`)
    const batch = { messages: [{ channel: 'kept', data: `${MARK}-message` }] }
    await post('/publish', 'application/json', JSON.stringify(batch))
    await post('/tickets', 'application/json', '{"channels":["news"]}')
  }
  // Keys of another type, a server without memory, rights that are gone: each with a message and a key.
  for (const key of await redis.cli('KEYS', '*').then(text => text.split('\n').filter(Boolean)))
    await redis.cli('DEL', key)
  await redis.cli('SET', 'carillon:history:{kept}', 'not a stream')
  await publishAll()
  await redis.cli('DEL', 'carillon:history:{kept}')
  await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
  await publishAll()
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  await setUser(`>${MARK}-password`, '-set', '-xadd', '-evalsha', '-eval', '-getdel')
  await publishAll()
  await until(() => gateway.output().includes('redis rejected a publish'), 'it has logged what Redis refuses')
  await setUser('>other')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => '')
  await until(() => REFUSED.test(gateway.output()), 'it is refused')
  await publishAll()
  t.equal(await gateway.stop('SIGINT'), 0)
  noSecret(t, gateway.output(), 'a running gateway')
})

t.test('nor do TLS files and servers that are wrong', async t => {
  const { cert, key } = await Authority.make(t)
  const redis = await startRedis(t)
  const tlsUrl = `rediss://gw:${MARK}-password@127.0.0.1:${redis.port}`
  await provoke(t, { REDIS_URL: tlsUrl }, /the TLS handshake with Redis failed/)
  const home = t.testdir({ garbage: `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----\n` })
  const garbage = join(home, 'garbage')
  for (const files of [
    { REDIS_CA_FILE: garbage },
    { REDIS_CERT_FILE: cert, REDIS_KEY_FILE: garbage },
    { REDIS_CERT_FILE: garbage, REDIS_KEY_FILE: key },
  ])
    await refuses(t, { REDIS_URL: tlsUrl, ...files })
  const port = await freePort()
  const args = ['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no']
  await startRedis(t, {
    port,
    args: [...args, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert],
  })
  const otherUrl = `rediss://gw:${MARK}-password@127.0.0.1:${port}`
  await provoke(t, { REDIS_URL: otherUrl }, /the certificate of Redis is not trusted/)
})

const PROVIDER = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'carillon' }

t.test('nor does an identity provider that is away, or answers with something else', async t => {
  const server = await KeyServer.start(t, [])
  const url = `${server.url}?key=${MARK}-query`
  const words = /cannot fetch the keys/
  await provoke(t, { ...PROVIDER, JWT_JWKS_URL: url }, words)
  server.answer = response => response.writeHead(500).end(`${MARK}-answer`)
  await provoke(t, { ...PROVIDER, JWT_JWKS_URL: url }, words)
  server.answer = response => response.end(`${MARK}-answer`)
  await provoke(t, { ...PROVIDER, JWT_JWKS_URL: url }, words)
  server.answer = response => response.writeHead(302, { location: `http://gw:${MARK}@127.0.0.1:1/` }).end()
  await provoke(t, { ...PROVIDER, JWT_JWKS_URL: url }, words)
  await server.stop()
  await provoke(t, { ...PROVIDER, JWT_JWKS_URL: url }, words)
})

t.test('nor does a collector of traces that is away', async t => {
  const endpoint = `http://gw:${MARK}-password@127.0.0.1:${await freePort()}/?key=${MARK}`
  const gateway = await startGateway(t, { LOG_LEVEL: 'trace', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  await fetch(`${gateway.url}/channels/news`, { method: 'POST', body: 'x' })
  t.equal(await gateway.stop('SIGINT'), 0)
  noSecret(t, gateway.output(), 'traces')
})

t.test('nor does a file of the configuration that breaks while the gateway runs', async t => {
  const home = t.testdir({
    keys: '[]',
    secrets: `${MARK}-${'a'.repeat(40)}\n`,
    public: await readFile((await Authority.make(t)).cert),
  })
  const [keys, secrets, publicKeys] = ['keys', 'secrets', 'public'].map(name => join(home, name)) as [
    string,
    string,
    string,
  ]
  const gateway = await startGateway(t, {
    LOG_LEVEL: 'trace',
    API_KEYS_FILE: keys,
    JWT_SECRET_FILE: secrets,
    JWT_KEYS_FILE: publicKeys,
  })
  const broken = () => gateway.output().match(/is invalid; its previous content stays in effect/g)?.length ?? 0
  for (const [path, texts] of [
    [keys, [`["${MARK}"]`, `[{"name":"${MARK} x"}]`, `[{"name":"a","sha256":"${MARK}"}]`, `{${MARK}`, `"${MARK}"`]],
    [secrets, [`${MARK}`, '']],
    [
      publicKeys,
      [MARK, `{"kty":"oct","k":"${MARK}"}`, `{"kty":"RSA","d":"${MARK}"}`, `-----BEGIN ${MARK.toUpperCase()}`],
    ],
  ] as const)
    for (const text of texts) {
      const before = broken()
      await writeFile(path, text)
      gateway.process.kill('SIGHUP')
      await until(() => broken() > before, `it has looked at ${text}`)
    }
  t.equal(await gateway.stop('SIGINT'), 0)
  noSecret(t, gateway.output(), 'files')
})

t.test('a log that belongs to an app around the gateway is kept clean too', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'other'] })
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const app = hostApp(t, { logger: { level: 'trace', stream } })
  await app.register(carillon, {
    prefix: '/live',
    config: { REDIS_URL: redis.url.replace('//', `//gw:${MARK}-password@`), HISTORY: '*' },
  })
  const { url } = await listening(app)
  await until(() => REFUSED.test(lines.join('')), 'it is refused')
  await fetch(`${url}/live/channels/news`, { method: 'POST', body: `${MARK}-message` })
  await fetch(`${url}/live/channels/news/messages`)
  noSecret(t, lines.join(''), 'a host')
})

/** It does not start, and says why without the secret. */
async function refuses(t: Test, environment: Record<string, string>, words = /./) {
  const { code, stdout, stderr } = await runCli(t, ['serve'], { environment: { PORT: '0', ...environment } })
  const what = JSON.stringify(environment)
  t.equal(code, 1, what)
  t.match(stderr, /^Carillon cannot start because of a setting:/, what)
  t.match(stderr, words)
  noSecret(t, stdout + stderr, what)
}

t.test('a setting that is wrong is not printed when it may hold a secret', async t => {
  const home = t.testdir({
    array: `["${MARK}"]`,
    text: MARK,
    private: `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----\n`,
    jwk: `{"kty":"oct","k":"${MARK}"}`,
  })
  for (const environment of [
    { JWT_SECRET: MARK },
    { API_KEYS: `["${MARK}"]` },
    { API_KEYS: `{"${MARK}"` },
    { API_KEYS_FILE: join(home, 'array') },
    { API_KEYS_FILE: join(home, 'text') },
    { JWT_SECRET_FILE: join(home, 'text') },
    { JWT_KEYS_FILE: join(home, 'private') },
    { JWT_KEYS_FILE: join(home, 'jwk') },
    { ANONYMOUS_GRANTS: `{"${MARK}` },
    { JWT_SECRET: 'x'.repeat(32), JWT_GRANTS: `{"${MARK}` },
    { ...PROVIDER, JWT_JWKS_URL: `https://gw:${MARK}@issuer.example/jwks` },
    { ...PROVIDER, JWT_JWKS_URL: `http://issuer.example/jwks?${MARK}` },
    { JWT_JWKS_URL: `https://issuer.example/jwks?${MARK}` },
    { OTEL_EXPORTER_OTLP_ENDPOINT: `grpc://gw:${MARK}@127.0.0.1` },
    { OTEL_EXPORTER_OTLP_ENDPOINT: `gw:${MARK}@127.0.0.1` },
    ...[
      `http://gw:${MARK}@127.0.0.1`,
      `gw:${MARK}@127.0.0.1`,
      `redis://gw:${MARK}@`,
      `redis://gw:${MARK}/x@127.0.0.1`,
      `redis://gw:${MARK}@x@127.0.0.1`,
      `redis://gw:${MARK}%@127.0.0.1`,
      `redis://gw:${MARK}@127.0.0.1:x`,
      `redis://gw:${MARK}@127.0.0.1/x`,
      `redis://gw:${MARK}@127.0.0.1/0/1`,
      `redis://gw:${MARK}@a,b`,
      `redis://127.0.0.1/?password=${MARK}`,
      `redis+sentinel://gw:${MARK}@127.0.0.1`,
      `redis+cluster://gw:${MARK}@127.0.0.1/1`,
      `unix://gw:${MARK}@`,
    ].map(REDIS_URL => ({ REDIS_URL })),
  ] as Record<string, string>[])
    await refuses(t, environment)
})
