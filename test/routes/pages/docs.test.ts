import t from 'tap'
import { build } from '../../support/gateway.js'

t.test('the files of the page come compressed to who takes that, and as they are to others', async t => {
  const { app } = await build(t)
  const compressed = await app.inject({ url: '/docs/swagger-ui.css', headers: { 'accept-encoding': 'br, gzip' } })
  t.match(compressed.headers, {
    'content-encoding': 'gzip',
    'content-type': 'text/css; charset=utf-8',
    vary: 'accept-encoding',
  })
  const plain = await app.inject({ url: '/docs/swagger-ui.css' })
  t.equal(plain.headers['content-encoding'], undefined)
  t.match(plain.body, '.swagger-ui')
  t.equal((await app.inject('/docs/package.json')).statusCode, 404)
  t.equal((await app.inject('/docs/__proto__')).statusCode, 404)
})

t.test('there is no page where it is turned off', async t => {
  const { app } = await build(t, { config: { DOCS: false } })
  for (const path of ['/docs', '/docs/start.js']) t.equal((await app.inject(path)).statusCode, 404)
  t.equal((await app.inject('/openapi.json')).statusCode, 200)
})
