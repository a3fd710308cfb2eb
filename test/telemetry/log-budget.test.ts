import t from 'tap'
import { LogBudget } from '../../src/telemetry/log-budget.js'

t.test('grants so many lines a second, and tells how many were left out since', async t => {
  let now = 5000
  const budget = new LogBudget(2, () => now)
  const take = (times: number) => Array.from({ length: times }, () => budget.take())
  t.same(take(5), [{ leftOut: 0 }, { leftOut: 0 }, false, false, false])
  now = 5999
  t.same(take(1), [false])
  now = 6000
  t.same(take(3), [{ leftOut: 4 }, { leftOut: 0 }, false])
  now = 60_000
  t.same(take(1), [{ leftOut: 1 }])
})
