import { readFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { checkExposure, checkNode, fastPathFinding, openFiles } from '../../src/cli/doctor/process.js'
import { checkVersion } from '../../src/cli/doctor/redis.js'
import { checkMemory, clock, outputBuffer } from '../../src/cli/doctor/redis-resources.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { packageFile } from '../../src/support/package.js'
import { build, startGateway } from '../support/gateway.js'
import { KeyServer } from '../support/key-server.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'
import { runCli } from '../support/run-cli.js'
import { ec, jwkOf, rsa } from '../support/tokens.js'

interface Finding {
  level: string
  about: string
  text: string
  advice?: string
}

async function examine(t: Parameters<typeof runCli>[0], args: string[], environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCli(t, ['doctor', '--json', ...args], { environment })
  const findings = stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Finding]))
  const about = (name: string) => findings.find(finding => finding.about === name)
  return { code, stderr, findings, about }
}

t.test('finds nothing wrong with a gateway on a sound Redis', async t => {
  const redis = await startRedis(t)
  const gateway = await startGateway(t, { REDIS_URL: redis.url, LOG_LEVEL: 'warn', HEARTBEAT_SECONDS: '0.5' })
  const args = ['--url', gateway.url, '--patience', '2']
  const { code, findings, about } = await examine(t, args, { REDIS_URL: redis.url })
  t.same([code, findings.filter(({ level }) => level === 'problem')], [0, []])
  for (const name of [
    'Redis',
    'version',
    'role',
    'rights',
    'memory',
    'output buffer',
    'fast paths',
    'fast paths of the gateway',
    'gateway',
    'readiness',
    'stream',
  ])
    t.match(about(name), { level: 'ok' }, name)
  for (const name of ['delivery', 'WebSocket', 'long requests', 'silence']) t.match(about(name), { level: 'ok' }, name)
  const words = await runCli(t, ['doctor', '--gateway-only', '--patience', '1', '--url', gateway.url])
  t.match(words.stdout, /^✓ idle connections: stay open for 75 s; .*KEEP_ALIVE_SECONDS/m)
  t.match(words.stdout, /^✓ gateway: http.* is alive$/m)
})

t.test('names the fast paths that are not in use', async t => {
  const finding = fastPathFinding('fast paths', [
    ['stream-wrap', false],
    ['half-open', true],
    ['detach', false],
  ])
  t.match(finding, { level: 'warning', text: 'not in use: detach, stream-wrap', advice: /docs\/operate\.md/ })
  t.match(fastPathFinding('fast paths', [['half-open', true]]), { level: 'ok', text: 'all 1 are in use' })
})

t.test('names the rights that the Redis user lacks, with the rules that give them', async t => {
  const redis = await startRedis(t)
  await redis.cli('ACL', 'SETUSER', 'poor', 'on', '>secret', '&carillon:*', '-@all', '+publish', '+subscribe', '+info')
  const REDIS_URL = redis.url.replace('//', '//poor:secret@')
  const { code, about } = await examine(t, ['--redis-only', '--channel', 'news'], { REDIS_URL })
  t.equal(code, 1)
  t.match(about('rights'), { level: 'problem', advice: /docs\/deploy\.md/ })
  for (const rule of ['+unsubscribe', '+publish &news', '+eval', '+pubsub'])
    t.ok(about('rights')?.text.includes(rule), rule)
  t.match(about('output buffer'), { level: 'unknown' })
  t.match(about('optional rights'), { level: 'ok', text: /\+role.*works without/ })
  t.notMatch(about('optional rights')?.text, /config/, 'only a history needs it')
})

t.test('names the right to read appendfsync where there is a history', async t => {
  const redis = await startRedis(t)
  await redis.cli('ACL', 'SETUSER', 'careful', 'on', '>secret', '~*', '&*', '+@all', '-config')
  const REDIS_URL = redis.url.replace('//', '//careful:secret@')
  const { code, about } = await examine(t, ['--redis-only'], { REDIS_URL, HISTORY: '*' })
  t.equal(code, 0)
  t.match(about('optional rights'), { level: 'ok', text: /the user lacks \+config\|get; .*works without/ })
})

t.test('finds nothing wrong with a Redis that lacks what the gateway does without', async t => {
  for (const commands of [['ROLE'], ['INFO'], ['ROLE', 'INFO'], ['ROLE', 'INFO', 'CLIENT', 'PING', 'CONFIG']]) {
    const redis = await startRedis(t, { args: commands.flatMap(name => ['--rename-command', name, '']) })
    const { code, findings, about } = await examine(t, ['--redis-only'], { REDIS_URL: redis.url, HISTORY: '*' })
    t.equal(code, 0, commands.join(', '))
    t.same(
      findings.filter(({ level }) => level === 'problem'),
      [],
    )
    t.match(about('role'), { level: 'ok', text: 'master' })
    t.match(about('version'), { level: 'ok', text: /^Redis \d/ })
    t.match(about('rights'), { level: 'ok' })
    await redis.stop()
  }
  const args = ['ROLE', 'INFO', 'HELLO'].flatMap(name => ['--rename-command', name, ''])
  const silent = await startRedis(t, { args })
  const { code, about } = await examine(t, ['--redis-only'], { REDIS_URL: silent.url })
  t.equal(code, 0)
  t.match(about('role'), { level: 'unknown', text: /would not notice/ })
  t.match(about('version'), { level: 'unknown' })
})

t.test('names what history, idempotency keys, tickets and rates lack', async t => {
  const redis = await startRedis(t)
  const plain =
    '&* -@all +publish +subscribe +unsubscribe +psubscribe +punsubscribe +pubsub +ping +info +eval +role +client|setname'
  await redis.cli('ACL', 'SETUSER', 'plain', 'on', '>secret', ...plain.split(' '))
  const REDIS_URL = redis.url.replace('//', '//plain:secret@')
  const without = await examine(t, ['--redis-only'], { REDIS_URL, PUBLISH_RATE: '10/s' })
  t.equal(without.code, 0, 'it does without them')
  t.match(without.about('rights'), { level: 'ok' })
  const expected = {
    'rights to load scripts': ['+client|info', '+script|load', '+evalsha'],
    'rights for Idempotency-Key': ['+hset ~carillon:position:*', '+xadd ~carillon:history:*', '+memory|usage'],
    'rights for tickets': ['+set ~carillon:vault:*', '+get ~carillon:vault:*', '+getdel'],
    'rights for rates': ['+set ~carillon:rate:*', '+time'],
  }
  for (const [about, rules] of Object.entries(expected)) {
    t.match(without.about(about), { level: 'warning', advice: /docs\/deploy\.md/ }, about)
    for (const rule of rules) t.ok(without.about(about)?.text.includes(rule), rule)
  }
  const history = await examine(t, ['--redis-only'], { REDIS_URL, HISTORY: 'orders:*' })
  t.equal(history.code, 1)
  t.match(history.about('rights for history'), { level: 'problem', text: /\+xadd/ })

  const deploy = await readFile(packageFile('docs/deploy.md'), 'utf8')
  const rules = [...deploy.matchAll(/^```acl-\w+\n(.*)\n```$/gm)].flatMap(([, line = '']) => line.split(' '))
  t.ok(rules.length > 15)
  await redis.cli('ACL', 'SETUSER', 'plain', ...rules)
  const all = await examine(t, ['--redis-only'], { REDIS_URL, HISTORY: 'orders:*', PUBLISH_RATE: '10/s' })
  t.equal(all.code, 0)
  for (const about of [
    'rights',
    'rights for history',
    'rights to load scripts',
    'rights for tickets',
    'rights for rates',
  ])
    t.match(all.about(about), { level: 'ok' }, `${about}, with the rules of the docs`)
  t.equal(await redis.cli('KEYS', '*'), '', 'it leaves nothing behind')
})

t.test('looks whether the keys that sign tokens can be fetched', async t => {
  const server = await KeyServer.start(t, [jwkOf(rsa, 'a'), jwkOf(ec, 'b')])
  const environment = { JWT_JWKS_URL: server.url, JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'carillon' }
  t.match((await examine(t, ['--redis-only'], environment)).about('token keys'), { level: 'ok', text: /^2 at http/ })
  server.keys = []
  const empty = await examine(t, ['--redis-only'], environment)
  t.match(empty.about('token keys'), { level: 'problem', text: /no key for RS256/ })
  await server.stop()
  const away = await examine(t, ['--redis-only'], environment)
  t.equal(away.code, 1)
  t.match(away.about('token keys'), { level: 'problem', text: /ECONNREFUSED/, advice: /503/ })
})

t.test('says why Redis cannot be used', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'secret'] })
  const cases: [url: string, says: RegExp][] = [
    [redis.url, /asks for a password/],
    [redis.url.replace('//', '//:wrong@'), /refuses the user name or the password/],
    [`redis://127.0.0.1:${await freePort()}`, /nothing listens/],
  ]
  for (const [REDIS_URL, says] of cases) {
    const { code, about, stderr } = await examine(t, ['--redis-only'], { REDIS_URL })
    t.same([code, stderr], [1, ''])
    t.match(about('Redis'), { level: 'problem', text: says, advice: /REDIS_URL/ })
  }
  const rules = await examine(t, ['--redis-only'], { API_KEYS: '[{"name":"a"}]', HOST: '0.0.0.0' })
  t.match(rules.about('exposure'), { level: 'ok', text: /with access rules/ })
  t.match(rules.about('access rules'), { level: 'problem', text: /^API_KEYS, key 1: a key has a sha256/ })
  const sound = await examine(t, ['--redis-only'], { ANONYMOUS_GRANTS: '{"subscribe":["public:*"]}' })
  t.match(sound.about('access rules'), { level: 'ok' })
  const wrong = await examine(t, ['--redis-only'], { HEARTBEAT_SECONDS: 'often' })
  t.match(wrong.about('settings'), { level: 'problem', text: /HEARTBEAT_SECONDS/ })
})

t.test('finds a proxy that buffers streams and drops upgrades', async t => {
  const { port } = await build(t)
  const proxy = createServer((request, response) => {
    const { method, url, headers } = request
    const upstream = httpRequest({ port, method, path: url, headers: { ...headers, connection: 'close', upgrade: '' } })
    upstream.on('response', answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      const isStream = answer.headers['content-type']?.startsWith('text/event-stream')
      if (!isStream) return answer.pipe(response)
      response.flushHeaders()
      let held = ''
      answer.on('data', chunk => (held += chunk))
      return answer.on('end', () => response.end(held))
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  })
  proxy.listen(0, '127.0.0.1')
  await new Promise(resolve => proxy.once('listening', resolve))
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const { code, about } = await examine(t, ['--gateway-only', '--url', url, '--patience', '0.1'])
  t.equal(code, 1)
  t.match(about('delivery'), { level: 'problem', text: /buffers the stream/ })
  t.match(about('WebSocket'), { level: 'problem', text: /dropped the upgrade/ })
})

t.test('finds what is no gateway, or is not there, or is not ready', async t => {
  const nobody = await examine(t, ['--gateway-only', '--url', `http://127.0.0.1:${await freePort()}`])
  t.same([nobody.code, nobody.about('gateway')?.level], [1, 'problem'])
  const other = createServer((_request, response) => response.end('a page')).listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise(resolve => other.once('listening', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  t.match((await examine(t, ['--gateway-only', '--url', url])).about('gateway'), { text: /is not a Carillon gateway/ })
})

t.test('rates each finding', async t => {
  t.match(checkNode('20.18.3'), { level: 'problem' })
  t.match(checkNode('24.1.0'), { level: 'ok' })
  t.match(openFiles('x', 1024), { level: 'warning', advice: /ulimit/ })
  t.match(openFiles('x', 65_536), { level: 'ok' })
  const exposure = (config: Partial<Config>) => checkExposure({ ...defaultConfig, ...config })
  t.match(exposure({ HOST: '0.0.0.0' }), {
    level: 'warning',
    text: /requests from localhost are accepted/,
    advice: /carillon key/,
  })
  const open = { HOST: '0.0.0.0', ALLOW_ANYONE_WITHOUT_ACCESS_RULES: true }
  t.match(exposure(open), { level: 'warning', text: /reads and publishes everything/ })
  for (const rules of [{ API_KEYS: '[]' }, { JWT_SECRET: 'x' }, { JWT_JWKS_URL: 'x' }, { ANONYMOUS_GRANTS: '{}' }])
    t.match(exposure({ ...open, ...rules }), { level: 'ok', text: /with access rules/ })
  t.match(exposure({ HOST: '127.0.0.1' }), { level: 'ok', text: /local connections only/ })
  t.match(checkVersion(new Map([['redis_version', '6.0.16']])), { level: 'problem', text: /too old/ })
  t.match(
    checkVersion(
      new Map([
        ['redis_version', '7.2.4'],
        ['valkey_version', '8.1.0'],
      ]),
    ),
    { text: 'Valkey 8.1.0' },
  )
  const memory = (policy: string, used: string) =>
    checkMemory(
      new Map([
        ['maxmemory', '100'],
        ['maxmemory_policy', policy],
        ['used_memory', used],
      ]),
    )
  t.match(memory('allkeys-lru', '1'), { level: 'warning', advice: /noeviction/ })
  t.match(memory('noeviction', '95'), { level: 'warning' })
  t.match(memory('noeviction', '5'), { level: 'ok' })
  t.match(outputBuffer('normal 0 0 0 slave 1 1 1 pubsub 33554432 8388608 60'), { level: 'ok', text: /32 MiB/ })
  t.match(outputBuffer('pubsub 1048576 524288 60'), { level: 'warning' })
  t.match(outputBuffer(undefined), { level: 'unknown' })
  t.match(clock('Redis', -5000), { level: 'warning', text: 'Redis is 5.0 s behind this machine' })
  t.match(clock('Redis', 100), { level: 'ok' })
})
