import t from 'tap'
import { Outbox } from '../src/outbox.js'
import { endOfTick } from './support/hub-client.js'

t.test('flushes at the end of the tick what was added in it, once, in order', async t => {
  const outbox = new Outbox()
  const flushed: string[] = []
  for (const name of ['a', 'b']) outbox.add({ flush: () => flushed.push(name) })
  await Promise.resolve()
  t.same(flushed, [])
  await endOfTick()
  t.same(flushed, ['a', 'b'])
  await endOfTick()
  t.same(flushed, ['a', 'b'])
})

t.test('takes what is added while it flushes to the next tick', async t => {
  const outbox = new Outbox()
  const flushed: string[] = []
  outbox.add({ flush: () => outbox.add({ flush: () => flushed.push('later') }) })
  await endOfTick()
  t.same(flushed, [])
  await endOfTick()
  t.same(flushed, ['later'])
})
