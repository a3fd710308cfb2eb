import Fastify from 'fastify'
import t from 'tap'
import carillon from '../../../src/app.js'
import { defaultConfig } from '../../../src/config/config.js'
import { build } from '../../support/gateway.js'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

t.test('a browser is led to the console, or else to the page of the API', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ url: '/', headers: BROWSER })
  t.equal(answer.statusCode, 302)
  t.equal(answer.headers.location, './console')
  t.match(answer.headers.vary, /accept/)
  t.equal((await app.inject('/console')).statusCode, 200)

  const without = await build(t, { config: { CONSOLE: false } })
  t.equal((await without.app.inject({ url: '/?a=/b', headers: BROWSER })).headers.location, './docs')
})

t.test('a slash too many leads to the page all the same', async t => {
  const { url } = await build(t)
  for (const page of ['/console', '/docs']) {
    const answer = await fetch(`${url}${page}/`, { headers: BROWSER })
    await answer.text()
    t.same([answer.url, answer.status], [url + page, 200])
  }
})

t.test('other clients get the paths that exist', async t => {
  const { app, url } = await build(t)
  const answer = await fetch(url)
  t.equal(answer.status, 200)
  const places = (await answer.json()) as Record<string, string>
  t.same(places, {
    service: 'carillon',
    publish: 'POST /channels/{channel}',
    listen: 'GET /channels/{channel}/events',
    openapi: '/openapi.json',
    docs: '/docs',
    console: '/console',
  })
  for (const name of ['openapi', 'docs', 'console'])
    t.equal((await app.inject(places[name] ?? '')).statusCode, 200, name)

  const bare = await build(t, { config: { CONSOLE: false, DOCS: false } })
  const few = await bare.app.inject({ url: '/', headers: BROWSER })
  t.equal(few.statusCode, 200, 'a browser too, where there is no page')
  t.same(Object.keys(few.json()), ['service', 'publish', 'listen', 'openapi'])
})

t.test('under a prefix it leads below the prefix, with and without a slash at the end', async t => {
  const app = Fastify({ routerOptions: { maxParamLength: 128 } })
  t.teardown(() => app.close())
  await app.register(carillon, { prefix: '/live', config: defaultConfig })
  for (const url of ['/live', '/live/']) {
    const { headers } = await app.inject({ url, headers: BROWSER })
    t.equal(new URL(String(headers.location), `http://gateway${url}`).pathname, '/live/console', url)
    t.match((await app.inject(url)).json(), { docs: '/live/docs', publish: 'POST /live/channels/{channel}' }, url)
  }
})

t.test('a prefix that is a parameter cannot lead to another origin', async t => {
  const app = Fastify({ routerOptions: { maxParamLength: 128 } })
  t.teardown(() => app.close())
  await app.register(carillon, { prefix: '/:tenant', config: defaultConfig })
  for (const url of ['/https:evil.example', '/https:evil.example/', '/javascript:x?a', '/a?b=/https:evil.example']) {
    const { headers } = await app.inject({ url, headers: BROWSER })
    t.match(new URL(String(headers.location), `http://gateway${url}`).href, /^http:\/\/gateway\/[^/]+\/console$/, url)
  }
})

t.test(
  'where there are no access rules it says so to others than this machine, and with rules it asks for no key',
  async t => {
    const local = await build(t)
    const stranger = await local.app.inject({ url: '/', remoteAddress: '203.0.113.7' })
    t.match(stranger.json(), { status: 403, type: 'urn:carillon:problem:no-access-rules' })

    const led = async (PUBLIC_PAGES: string) => {
      const { app } = await build(t, { config: { ANONYMOUS_GRANTS: '{"subscribe":["public:*"]}', PUBLIC_PAGES } })
      return (await app.inject({ url: '/', headers: BROWSER, remoteAddress: '203.0.113.7' })).headers.location
    }
    t.equal(await led('docs,console'), './console')
    t.equal(await led('docs'), './docs', 'to the one that anybody may see')
    t.equal(await led('none'), './console')
  },
)
