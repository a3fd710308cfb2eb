import t from 'tap'
import { FlushScheduler } from '../../src/fanout/flush-scheduler.js'
import { endOfTick } from '../support/hub-client.js'

const flush = (): void => {}

t.test('flushes at the end of the tick what was added in it, once, in order', async t => {
  const scheduler = new FlushScheduler()
  const flushed: string[] = []
  for (const name of ['a', 'b']) scheduler.add({ advance: () => flushed.push(name), flush })
  await Promise.resolve()
  t.same(flushed, [])
  await endOfTick()
  t.same(flushed, ['a', 'b'])
  await endOfTick()
  t.same(flushed, ['a', 'b'])
})

t.test('takes what is added while it flushes to the next tick', async t => {
  const scheduler = new FlushScheduler()
  const flushed: string[] = []
  scheduler.add({ advance: () => scheduler.add({ advance: () => flushed.push('later'), flush }), flush })
  await endOfTick()
  t.same(flushed, [])
  await endOfTick()
  t.same(flushed, ['later'])
})

t.test('releases all clients at once, and only once', async t => {
  const scheduler = new FlushScheduler()
  const flushed: string[] = []
  const advance = () => flushed.push('too late')
  const group = (name: string) => ({ advance, flush: () => flushed.push(name) })
  for (const name of ['a', 'b']) scheduler.add(group(name))
  scheduler.flush()
  t.same(flushed, ['a', 'b'])
  scheduler.add(group('c'))
  scheduler.flush()
  scheduler.flush()
  t.same(flushed, ['a', 'b', 'c'])
  await endOfTick()
  t.same(flushed, ['a', 'b', 'c'])
})
