import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { packageFile } from '../src/support/package.js'
import { fencesOf } from './support/doc-page.js'
import { startGateway } from './support/gateway.js'
import { startRedis } from './support/redis.js'
import { secret } from './support/tokens.js'

/** The JavaScript of a page as it stands, by words that are in it. */
function snippet(page: string, words: string): string {
  const found = fencesOf(page).find(({ language, text }) => language === 'js' && text.includes(words))
  if (!found) throw new Error(`${page} has no JavaScript with ${words}`)
  return found.text
}

/** Runs a module inside the package, where `carillon` is its own name; resolves with what it prints, as JSON. */
async function run(t: Test, code: string, environment: Record<string, string> = {}): Promise<unknown> {
  const folder = await mkdtemp(packageFile('.cache/snippet-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'snippet.mjs')
  await writeFile(file, code)
  const env = { PATH: process.env.PATH, ...environment }
  return JSON.parse((await promisify(execFile)(process.execPath, [file], { env, timeout: 60_000 })).stdout)
}

/** Says what a GET of each path is answered with, and ends. */
const ask = (...paths: string[]) => `
  const { port } = app.server.address()
  const answers = []
  for (const path of ${JSON.stringify(paths)}) {
    const [method, at, cookie = ''] = path.split(' ')
    const body = method === 'POST' ? '{}' : undefined
    const headers = { cookie, ...(body && { 'content-type': 'application/json' }) }
    answers.push((await fetch('http://127.0.0.1:' + port + at, { method, body, headers })).status)
  }
  console.log(JSON.stringify(answers))
  await app.close()`

t.test('docs/embedding.md: a guest under a prefix', async t => {
  const code = snippet('docs/embedding.md', "prefix: '/live' })").replace('port: 3000', 'port: 0')
  t.same(
    await run(t, `${code}${ask('POST /live/channels/news', 'GET /channels/news', 'GET /live/channels')}`),
    [200, 404, 200],
  )
})

t.test('docs/embedding.md: the own Redis client, the own code, the own hook', async t => {
  const redis = await startRedis(t)
  const code = `
    import Fastify from 'fastify'
    import { Redis } from 'ioredis'
    const app = Fastify()
    app.decorate('httpErrors', { unauthorized: () => Object.assign(new Error('no'), { statusCode: 401 }) })
    const isKnown = ({ headers }) => headers.cookie === 'known'
    const redis = new Redis(process.env.REDIS)
    app.addHook('onClose', () => redis.quit())
    ${snippet('docs/embedding.md', 'isKnown')}
    ${snippet('docs/embedding.md', 'openGateway')}
    await app.listen({ port: 0, host: '127.0.0.1' })
    while (gateway.broker.unavailable) await new Promise(resolve => setTimeout(resolve, 20))
    ${ask('POST /orders known', 'GET /live/channels known', 'GET /live/channels', 'POST /orders')}`
  t.same(await run(t, code, { REDIS: redis.url }), [200, 200, 401, 401])
})

t.test('docs/access.md: an app that says who asks', async t => {
  const code = `
    import Fastify from 'fastify'
    import { carillon, Grants } from 'carillon'
    const app = Fastify()
    app.decorateRequest('user', null)
    app.addHook('onRequest', async request => {
      request.user = { id: 7, name: 'Ada', sessionEnds: Date.now() + 60_000 }
    })
    ${snippet('docs/access.md', 'authenticate: request')}
    await app.listen({ port: 0, host: '127.0.0.1' })
    ${ask('GET /channels/user:7:mail/events?timeout=0.1', 'GET /channels/user:8:mail/events', 'POST /channels/news')}`
  t.same(await run(t, code), [200, 403, 403])
})

t.test('docs/access.md: a token of the own backend', async t => {
  const gateway = await startGateway(t, { JWT_SECRET: secret, LOG_LEVEL: 'warn' })
  const code = `
    import { SignJWT } from 'jose'
    const secret = Buffer.from(process.env.SECRET)
    const token = await (${snippet('docs/access.md', 'SignJWT')})
    console.log(JSON.stringify(token))`
  const token = await run(t, code, { SECRET: secret })
  const listen = async (channel: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${gateway.url}/channels/${channel}/events?timeout=0.1`, { headers })
    await answer.arrayBuffer()
    return answer.status
  }
  t.same([await listen('user:7:mail'), await listen('user:8:mail')], [200, 403])
})

t.test('docs/serverless.md: a function that publishes, and is run again by its platform', async t => {
  const { key, entry } = createApiKey('function', { publish: ['orders'], subscribe: ['orders'] })
  const settings = { API_KEYS: JSON.stringify([entry]), HISTORY: 'orders', LOG_LEVEL: 'warn' }
  const gateway = await startGateway(t, settings)
  const code = `${snippet('docs/serverless.md', 'handler(order)')}
    for (let i = 0; i < 2; i++) await handler({ id: 'order-7' })
    const headers = { authorization: 'Bearer ' + process.env.CARILLON_TOKEN }
    const kept = await fetch(process.env.CARILLON_URL + '/channels/orders/messages', { headers })
    console.log(JSON.stringify((await kept.json()).messages.map(({ event, data }) => [event, data])))`
  t.same(await run(t, code, { CARILLON_URL: gateway.url, CARILLON_TOKEN: key }), [['placed', '{"id":"order-7"}']])
})

t.test('docs/serverless.md: the gateway as a function', async t => {
  const redis = await startRedis(t)
  const code = `${snippet('docs/serverless.md', 'createHandler')}
    const http = { method: 'GET', path: '/healthz', sourceIp: '192.0.2.1' }
    const requestContext = { http, stage: '$default' }
    const answer = await handler({ version: '2.0', rawPath: '/healthz', rawQueryString: '', headers: {}, requestContext })
    console.log(JSON.stringify(answer.statusCode))
    await handler.close()`
  t.equal(await run(t, code, { REDIS_URL: redis.url, LOG_LEVEL: 'silent' }), 200)
})
