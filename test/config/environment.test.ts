import t from 'tap'
import { ConfigError, configSchema, defaultConfig } from '../../src/config/config.js'
import { readConfig } from '../../src/config/environment.js'

const explain = (environment: Record<string, string>): string => {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'nothing is wrong'
}

t.test('gives the defaults where nothing is set, and for settings that are empty', async t => {
  t.same(readConfig({}), defaultConfig)
  t.same(readConfig(Object.fromEntries(Object.keys(configSchema.properties).map(name => [name, '']))), defaultConfig)
})

t.test('reads each setting in its type', async t => {
  const config = readConfig({
    PORT: '0',
    HOST: '::',
    HEARTBEAT_SECONDS: '0.5',
    REDIS_SHARDED: 'true',
    LOG_LEVEL: 'warn',
  })
  t.match(config, { PORT: 0, HOST: '::', HEARTBEAT_SECONDS: 0.5, REDIS_SHARDED: true, LOG_LEVEL: 'warn' })
})

t.test('passes over what is no setting of ours', async t => {
  t.same(readConfig({ PATH: '/bin', __proto__: 'x', port: '1', PORTS: '1' }), defaultConfig)
})

for (const [name, value] of [
  ['PORT', 'http'],
  ['PORT', '-1'],
  ['PORT', '65536'],
  ['PORT', '1.5'],
  ['PORT', ' '],
  ['HEARTBEAT_SECONDS', '0'],
  ['MAX_BUFFERED_BYTES', '1kb'],
  ['LOG_LEVEL', 'loud'],
  ['REDIS_SHARDED', 'maybe'],
  ['DRAIN_SECONDS', 'Infinity'],
  ['DRAIN_SECONDS', 'NaN'],
  ['MAX_BATCH_MESSAGES', '0x10'],
] as const)
  t.test(`names ${name} and shows its value when that is ${JSON.stringify(value)}`, async t => {
    t.match(explain({ [name]: value }), new RegExp(`^${name} must .*, but is ${JSON.stringify(value)}$`))
  })

t.test('says what a setting takes', async t => {
  t.match(explain({ LOG_LEVEL: 'loud' }), 'one of fatal, error, warn, info, debug, trace, silent')
  t.match(explain({ PORT: '70000' }), 'at most 65535')
})

t.test('names every setting that is wrong', async t => {
  t.match(explain({ PORT: 'x', LOG_LEVEL: 'loud', HOST: 'fine' }), /^PORT .*\nLOG_LEVEL .*$/)
})

t.test('does not show the password in a REDIS_URL that is wrong', async t => {
  const message = explain({ REDIS_URL: 'http://user:secret@redis:6379' })
  t.match(message, /^REDIS_URL must look like/)
  t.notMatch(message, 'secret')
})

for (const url of [
  'redis://h',
  'rediss://u:p@h:1/2',
  'unix:///s',
  'redis+sentinel://a,b/m',
  'rediss+cluster://a:1,b:2',
])
  t.test(`takes ${url}`, async t => {
    t.equal(readConfig({ REDIS_URL: url }).REDIS_URL, url)
  })
