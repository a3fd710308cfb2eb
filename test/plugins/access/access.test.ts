import Fastify from 'fastify'
import t from 'tap'
import { accessControl } from '../../../plugins/access/access.js'
import { createAccess } from '../../../src/access/create-access.js'
import carillon, { serverOptions } from '../../../src/app.js'
import { defaultConfig } from '../../../src/config/config.js'
import { silentLogger } from '../../../src/telemetry/logger.js'

t.test('every route declares what it needs', async t => {
  const needs = new Map<string, string | undefined>()
  const app = Fastify(serverOptions(defaultConfig))
  t.teardown(() => app.close())
  app.addHook('onRoute', ({ method, url, config }) => {
    needs.set(`${method} ${url}`, config?.access)
  })
  await app.register(carillon)
  await app.ready()
  t.ok(needs.size > 10, 'the routes were seen')
  for (const [route, need] of needs) t.ok(need, route)
  t.strictSame(
    [...needs].filter(([, need]) => need === 'always' || need === 'public').map(([route]) => route),
    [
      '/', // leads to pages, and says where things are
      '/healthz',
      '/readyz',
      // A module for other pages, the same for everybody.
      '/client.js',
    ].flatMap(path => [`GET ${path}`, `HEAD ${path}`]),
    'what anybody may ask without credentials: a route that joins these is a decision',
  )
})

t.test('a route that does not say what it needs is not registered', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const access = await createAccess(defaultConfig, { log: silentLogger })
  await app.register(accessControl, { access, cookieName: undefined, retryMs: 2000 })
  t.throws(() => app.get('/forgotten', () => 'x'), { message: /GET \/forgotten does not declare what access it needs/ })
  t.throws(() => app.get('/forgotten', { config: {} }, () => 'x'), { message: /does not declare/ })
  app.get('/declared', { config: { access: 'public' } }, () => 'x')
  t.equal((await app.inject('/forgotten')).statusCode, 404)
  t.equal((await app.inject('/declared')).statusCode, 200)
})
