import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import t from 'tap'
import { lateRequire } from '../../src/process/late-modules.js'
import { packageFile } from '../../src/support/package.js'

const require = createRequire(import.meta.url)

/** A `require` that says what was asked of it. */
function watched() {
  const asked: string[] = []
  const watch = (id: string): unknown => {
    asked.push(id)
    return require(id)
  }
  return { asked, late: lateRequire(Object.assign(watch, require)) }
}

t.test('a late module is loaded when something of it is used, once', async t => {
  const { asked, late } = watched()
  const tls = late('tls')
  t.equal(late('node:tls'), tls, 'by both of its names it is the same')
  t.strictSame(asked, [])
  t.equal(tls.connect, require('node:tls').connect)
  t.equal(tls.DEFAULT_MIN_VERSION, 'TLSv1.2')
  t.strictSame(asked, ['node:tls'])
})

t.test('it looks like the module', async t => {
  const { late } = watched()
  const https = require('node:https')
  t.strictSame(Object.keys(late('https')), Object.keys(https))
  t.ok('Agent' in late('https'))
  const { Agent } = late('https')
  t.equal(Agent, https.Agent)
})

t.test('what is set is set in the module', async t => {
  const { late } = watched()
  const https = require('node:https')
  const { globalAgent } = https
  t.teardown(() => {
    https.globalAgent = globalAgent
  })
  const agent = new https.Agent()
  late('https').globalAgent = agent
  t.equal(https.globalAgent, agent)
  t.equal(late('https').globalAgent, agent)
})

t.test('all else is what it was', async t => {
  const { asked, late } = watched()
  t.equal(late('node:os'), require('node:os'))
  t.strictSame(asked, ['node:os'])
  t.equal(late.cache, require.cache, 'Fastify looks there for the names of plugins')
  t.equal(late.resolve, require.resolve)
})

t.test('what holds is not asserted, what does not throws as ever', async t => {
  const { asked, late } = watched()
  const assert = late('assert')
  assert(true, 'unused')
  t.strictSame(asked, [])
  t.throws(() => assert(1 > 2, 'one is less'), { code: 'ERR_ASSERTION', message: 'one is less' })
  t.throws(() => assert.equal(1, 2), { code: 'ERR_ASSERTION' })
})

t.test('a gateway starts without what it has no use for', async t => {
  const gateway = `
    setInterval(() => {
      if (!process.stderr.written) return
      console.log(JSON.stringify(process.moduleLoadList))
      process.exit()
    }, 20)
    const { write } = process.stderr
    process.stderr.write = function (...args) { this.written = true; return write.apply(this, args) }
    require(${JSON.stringify(packageFile('dist/cli.cjs'))})`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', gateway, 'carillon'], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'fatal', REDIS_URL: 'redis://127.0.0.1:1' },
  })
  const loaded: string[] = JSON.parse(stdout)
  t.ok(loaded.includes('NativeModule http'), 'it has started')
  for (const name of ['assert', 'fs/promises', 'http2', 'https', 'tls', 'worker_threads'])
    t.notOk(loaded.includes(`NativeModule ${name}`), name)
})
