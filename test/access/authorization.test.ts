import t from 'tap'
import { visibleChannels } from '../../src/access/authorization.js'
import { type Caller, OPEN } from '../../src/access/caller.js'
import { Grants } from '../../src/access/grants.js'
import { randomFrom } from '../support/random.js'

const caller: Caller = { ...OPEN, id: 'key:a', by: 'key', grants: new Grants({ inspect: ['*[02468]'] }) }

t.test('finds the first channels after a name, of those that may be inspected, in any number of channels', async t => {
  const random = randomFrom(Number(process.env.SEED ?? 42))
  for (const total of [0, 1, 5, 40, 3000]) {
    const names = [...new Set(Array.from({ length: total }, () => `c:${random(10_000)}`))]
    const allowed = names.filter(name => Number(name.slice(2)) % 2 === 0).sort()
    for (const after of ['', 'c:5', 'c:9999'])
      for (const most of [1, 2, 10, Number.POSITIVE_INFINITY])
        t.same(
          await visibleChannels(caller, names, { after, most }),
          allowed.filter(name => name > after).slice(0, most),
          `${most} of ${total} after "${after}"`,
        )
  }
})

t.test('others have their turn while many channels are looked through', async t => {
  let turns = 0
  let next: NodeJS.Immediate
  const count = () => {
    turns++
    next = setImmediate(count)
  }
  next = setImmediate(count)
  await visibleChannels(
    caller,
    Array.from({ length: 50_000 }, (_, i) => `c:${i}`),
  )
  clearImmediate(next)
  t.ok(turns > 5, `${turns} turns`)
})
