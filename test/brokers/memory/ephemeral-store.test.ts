import t from 'tap'
import { MemoryEphemeralStore } from '../../../src/brokers/memory/ephemeral-store.js'

t.test('the oldest items are forgotten when the memory is used up', async t => {
  const ephemeralStore = new MemoryEphemeralStore({ maxBytes: 100_000 })
  t.teardown(() => ephemeralStore.close())
  await ephemeralStore.put('first', 'x'.repeat(1000), 60)
  for (let i = 0; i < 1000; i++) await ephemeralStore.put(`${i}`, 'x'.repeat(1000), 60)
  t.equal(await ephemeralStore.get('first'), undefined)
  t.equal(await ephemeralStore.get('900'), undefined)
  t.equal(await ephemeralStore.get('999'), 'x'.repeat(1000))
  let kept = 0
  for (let i = 0; i < 1000; i++) if ((await ephemeralStore.take(`${i}`)) !== undefined) kept++
  t.ok(kept > 30 && kept < 50, `${kept} were kept`)
  for (let i = 0; i < 1000; i++) await ephemeralStore.put('one', 'x'.repeat(1000), 60)
  await ephemeralStore.put('two', '', 60)
  t.ok(await ephemeralStore.get('one'), 'what was taken or put again is counted once')
})
