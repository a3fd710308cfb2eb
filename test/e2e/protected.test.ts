import { networkInterfaces } from 'node:os'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { isLoopbackAddress, isLoopbackHost } from '../../src/access/mode.js'
import carillon, { serverOptions } from '../../src/app.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { build, startGateway } from '../support/gateway.js'
import { sameProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'

/** An address of this machine that is not loopback, as another machine would reach it. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find(address => address?.family === 'IPv4' && !address.internal)?.address

t.test(
  'without rules, who comes from elsewhere is told why it is not served',
  { skip: outside === undefined && 'this machine has one address only' },
  async t => {
    const { port, output } = await startGateway(t, { HOST: '0.0.0.0' })
    t.match(output(), /"level":40,.*accepts requests from localhost only/, 'and so is the operator')
    const from = (host: string, path: string, init?: RequestInit) => fetch(`http://${host}:${port}${path}`, init)
    for (const [method, path] of [
      ['POST', '/channels/news'],
      ['GET', '/channels/news/events'],
      ['GET', '/channels'],
      ['GET', '/metrics'],
      ['GET', '/openapi.json'],
      ['GET', '/readyz'],
      ['GET', '/nowhere'],
    ] as const) {
      const answer = await from(outside ?? '', path, { method })
      t.equal(answer.status, 403, path)
      const problem = (await answer.json()) as { type: string; detail: string }
      t.match(problem, { type: 'urn:carillon:problem:no-access-rules', detail: /no access rules/ }, path)
    }
    t.equal((await from(outside ?? '', '/healthz')).status, 200, 'that it lives is no secret')
    t.equal((await from('127.0.0.1', '/channels/news', { method: 'POST' })).status, 200)
    t.equal((await from('127.0.0.1', '/readyz')).status, 200)
  },
)

t.test(
  'ALLOW_ANYONE_WITHOUT_ACCESS_RULES opens it, and the log says so',
  { skip: outside === undefined && 'this machine has one address only' },
  async t => {
    const { port, output } = await startGateway(t, { HOST: '0.0.0.0', ALLOW_ANYONE_WITHOUT_ACCESS_RULES: 'true' })
    t.match(output(), /"level":40,.*lets anyone publish and subscribe/)
    t.equal((await fetch(`http://${outside}:${port}/channels/news`, { method: 'POST' })).status, 200)
  },
)

t.test('without rules, a page that has its own name lead here is not served', async t => {
  const { port, url } = await build(t)
  const ask = (headers: Record<string, string>) => exchange(t, port, requestText('POST', '/channels/news', { headers }))
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '0.0.0.0',
    '10.0.0.1',
    'a@localhost',
    'notlocalhost',
    '',
  ])
    sameProblem(t, await ask({ host }), 'no-access-rules', `Host: ${host}`)
  for (const host of ['localhost', 'LOCALHOST:3000', '127.0.0.1', `127.0.0.1:${port}`, '[::1]:3000', 'news.localhost'])
    t.equal((await ask({ host })).status, 200, `Host: ${host}`)
  for (const header of ['forwarded', 'x-forwarded-for', 'X-Real-IP', 'x-forwarded-host', 'x-forwarded-proto', 'via'])
    sameProblem(t, await ask({ [header]: '127.0.0.1' }), 'no-access-rules', `${header}: no header makes a peer local`)
  for (const [method, path] of [
    ['POST', '/channels/news'],
    ['GET', '/channels/news/events'],
    ['GET', '/ws'],
  ] as const) {
    const asked = requestText(method, `http://evil.example${path}`, { headers: { host: 'localhost' } })
    sameProblem(t, await exchange(t, port, asked), 'invalid-request', `${path}: two names`)
    const other = requestText(method, `http://evil.example${path}`, { headers: { host: 'evil.example' } })
    sameProblem(t, await exchange(t, port, other), 'no-access-rules', `${path}: one name`)
  }
  t.equal((await exchange(t, port, requestText('POST', 'http://localhost/channels/news'))).status, 200)
  t.equal((await fetch(`${url}/channels/news`, { method: 'POST' })).status, 200)
})

t.test('the address is that of the socket, also where proxies are trusted', async t => {
  const config: Config = { ...defaultConfig, TRUST_PROXY: '1' }
  const app = Fastify(serverOptions(config))
  t.teardown(() => app.close())
  await app.register(carillon, { config })
  const ask = (remoteAddress: string, headers = {}) =>
    app.inject({ method: 'POST', url: '/channels/news', remoteAddress, headers })
  t.equal((await ask('127.0.0.1')).statusCode, 200)
  t.equal((await ask('10.0.0.9')).statusCode, 403)
  t.equal((await ask('10.0.0.9', { 'x-real-ip': '127.0.0.1' })).statusCode, 403)
  t.equal((await ask('10.0.0.9', { 'x-forwarded-for': '127.0.0.1' })).statusCode, 403)
})

t.test('any rule ends the protected mode', async t => {
  for (const rule of [
    { API_KEYS: '[]' },
    { JWT_SECRET: 'x'.repeat(32) },
    { ANONYMOUS_GRANTS: '{"publish":["news"]}' },
  ]) {
    const status = async (t: Test) => {
      const { port } = await build(t, { config: rule })
      const answer = await exchange(
        t,
        port,
        requestText('POST', '/channels/news', { headers: { host: 'chat.example' } }),
      )
      return answer.status
    }
    await t.test(Object.keys(rule)[0] ?? '', async t => {
      t.equal(await status(t), 'ANONYMOUS_GRANTS' in rule ? 200 : 401)
    })
  }
})

t.test('knows loopback', async t => {
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) t.ok(isLoopbackAddress(address), address)
  for (const address of [undefined, '', '0.0.0.0', '10.127.0.1', '::', '::2', '::ffff:10.0.0.1', '::11', 'fe80::1'])
    t.notOk(isLoopbackAddress(address), `${address}`)
  t.ok(isLoopbackHost('localhost.'))
  t.notOk(isLoopbackHost('localhost.evil'))
})
