import t from 'tap'
import { MemoryVault } from '../../../src/brokers/memory/ephemeral-store.js'

t.test('the oldest items are forgotten when the memory is used up', async t => {
  const vault = new MemoryVault({ maxBytes: 100_000 })
  t.teardown(() => vault.close())
  await vault.put('first', 'x'.repeat(1000), 60)
  for (let i = 0; i < 1000; i++) await vault.put(`${i}`, 'x'.repeat(1000), 60)
  t.equal(await vault.get('first'), undefined)
  t.equal(await vault.get('900'), undefined)
  t.equal(await vault.get('999'), 'x'.repeat(1000))
  let kept = 0
  for (let i = 0; i < 1000; i++) if ((await vault.take(`${i}`)) !== undefined) kept++
  t.ok(kept > 30 && kept < 50, `${kept} were kept`)
  for (let i = 0; i < 1000; i++) await vault.put('one', 'x'.repeat(1000), 60)
  await vault.put('two', '', 60)
  t.ok(await vault.get('one'), 'what was taken or put again is counted once')
})
