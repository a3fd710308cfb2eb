import t from 'tap'
import { ConfigError } from '../../src/config/config.js'
import { readRate } from '../../src/limits/rate.js'

t.test('a rate is a count in a time', async t => {
  t.same(readRate('100/10s'), { count: 100, seconds: 10 })
  t.same(readRate('6000/m'), { count: 6000, seconds: 60 })
  t.same(readRate('1/24h'), { count: 1, seconds: 86_400 })
})

t.test('an invalid rate, or one that cannot be enforced, prevents the start', async t => {
  for (const text of ['', '100', '0/s', '5/0s', '100/10', '100/10d', '1/25h', '-1/s', '1.5/s', '1/s '])
    t.throws(() => readRate(text), ConfigError, text)
})
