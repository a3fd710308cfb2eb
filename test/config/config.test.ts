import t from 'tap'
import { configSchema, defaultConfig } from '../../src/config/config.js'
import { readConfig } from '../../src/config/environment.js'

t.test('the defaults keep to their own rules', async t => {
  t.same(readConfig({}), defaultConfig)
  const asText = Object.entries(defaultConfig).map(([name, value]) => [name, String(value)])
  t.same(readConfig(Object.fromEntries(asText)), defaultConfig)
})

t.test('by default, a gateway accepts local connections only and uses no Redis', async t => {
  t.equal(defaultConfig.HOST, '127.0.0.1')
  t.equal(defaultConfig.PORT, 3000)
  t.notOk('REDIS_URL' in defaultConfig)
})

t.test('every setting says what it is, and every number has its bounds', async t => {
  for (const [name, schema] of Object.entries(configSchema.properties)) {
    t.match(name, /^[A-Z][A-Z_]*$/)
    t.match(schema.description, /\.$/, name)
    if (schema.type === 'integer' || schema.type === 'number') t.ok('minimum' in schema && 'maximum' in schema, name)
  }
})
