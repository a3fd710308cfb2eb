import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { RecentNames } from '../../../src/brokers/redis/cluster/recent-names.js'

t.test('knows a name from the moment it is added', async t => {
  const names = new RecentNames(60_000)
  t.equal(names.has('a'), false)
  names.add('a')
  names.add('b')
  t.same(
    ['a', 'b', 'c'].map(name => names.has(name)),
    [true, true, false],
  )
})

t.test('forgets a name after its time', async t => {
  const names = new RecentNames(5)
  names.add('a')
  while (names.has('a')) await setTimeout(1)
  names.add('b')
  t.equal(names.has('a'), false)
  t.equal(names.has('b'), true)
})
