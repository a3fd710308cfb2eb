import t from 'tap'
import { type Caller, OPEN } from '../../../src/access/caller.js'
import { Grants } from '../../../src/access/grants.js'
import { CheckedTokens } from '../../../src/access/tokens/checked-tokens.js'

const caller = (rest: Partial<Caller> = {}): Caller => ({ ...OPEN, id: 'token:a', grants: new Grants({}), ...rest })

t.test('the oldest tokens are forgotten when their memory is used up', async t => {
  const checked = new CheckedTokens({ maxBytes: 10_000 })
  const rich = caller({ grants: new Grants({ subscribe: Array.from({ length: 20 }, (_, i) => `user:${i}:*`) }) })
  for (let i = 0; i < 100; i++) {
    checked.set(`${i}`, i % 2 ? rich : caller())
    t.ok(checked.bytes <= 10_000)
  }
  t.equal(checked.get('0'), undefined)
  t.equal(checked.get('99'), rich)
  t.ok(checked.size > 3 && checked.size < 12, `${checked.size}`)

  checked.set(
    'large',
    caller({ grants: new Grants({ subscribe: Array.from({ length: 500 }, (_, i) => `user:${i}`) }) }),
  )
  t.equal(checked.size, 0, 'what is larger than all the memory is not remembered')
  t.equal(checked.bytes, 0)
})

t.test('a token that is checked twice at once is counted once', async t => {
  const checked = new CheckedTokens()
  checked.set('a', caller())
  const { bytes } = checked
  checked.set('a', caller({ name: OPEN.name }))
  t.equal(checked.bytes, bytes)
})

t.test('expired tokens and those of removed keys are forgotten without further requests', async t => {
  let now = 1_000_000
  const checked = new CheckedTokens({ now: () => now })
  checked.set('soon', caller({ expiresAt: now + 10_000 }))
  checked.set('late', caller({ expiresAt: now + 100_000 }))
  checked.set('gone', caller({ credential: { revoked: true, proof: 'token:0' } }))
  t.ok(checked.get('soon'))
  t.equal(checked.get('gone'), undefined)
  now += 10_000
  t.equal(checked.get('soon'), undefined, 'when it is asked for')
  now += 95_000
  checked.set('next', caller())
  t.equal(checked.size, 1, 'and when another one comes')
})
