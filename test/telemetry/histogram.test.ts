import t from 'tap'
import { Histogram } from '../../src/telemetry/histogram.js'

t.test('each value falls into the first bucket that holds it, and into the sum', async t => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11, 1000]) histogram.observe(value)
  t.same(histogram.counts, [2, 2, 2])
  t.equal(histogram.sum, 1023.5)
})
