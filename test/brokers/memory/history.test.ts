import t from 'tap'
import { FLEETING_MS, MEMORY_MS } from '../../../src/brokers/history.js'
import { HistoryRules } from '../../../src/brokers/history-rules.js'
import { MemoryBroker } from '../../../src/brokers/memory/broker.js'
import { Log } from '../../../src/brokers/memory/log.js'
import { MemoryOutcomes } from '../../../src/brokers/memory/outcomes.js'

const entry = (time: number, data = Buffer.from('x')) => ({ data, event: undefined, time, tag: time, previousTag: 0 })

t.test('channels that have fallen silent are let go of: first their messages, then where they stood', async t => {
  let now = 1_000_000
  const history = new HistoryRules([{ pattern: '*', rule: { length: 10, ageSeconds: 60 } }])
  const broker = new MemoryBroker({ history, now: () => now })
  t.teardown(() => broker.close())
  const kept = broker.history
  if (!kept) throw new Error('there is a rule')
  await broker.publish(['a', 'b'].map(channel => ({ channel, data: Buffer.alloc(100) })))
  now += 60_001
  kept.sweep()
  t.equal(kept.size, 2)
  t.match(await kept.info('a'), { length: 0, bytes: 0, newest: { offset: 1 } })
  now += MEMORY_MS
  await broker.publish([{ channel: 'b', data: Buffer.alloc(1) }])
  kept.sweep()
  t.equal(kept.size, 1)
  t.match(await kept.newest(['a', 'b']), [{ offset: 0 }, { offset: 2 }])
})

t.test('the position of a channel without messages is remembered for a while after somebody asked for it', async t => {
  let now = 1_000_000
  const history = new HistoryRules([{ pattern: '*', rule: { length: 10, ageSeconds: 60 } }])
  const broker = new MemoryBroker({ history, now: () => now })
  t.teardown(() => broker.close())
  const kept = broker.history
  if (!kept) throw new Error('there is a rule')
  const [first] = await kept.newest(['a'])
  now += FLEETING_MS
  kept.sweep()
  t.same(await kept.newest(['a']), [first])
  now += FLEETING_MS + 1
  kept.sweep()
  t.equal(kept.size, 0)
})

t.test('times in a history never go backwards, no matter the clock', async t => {
  let now = 1_000_000
  const history = new HistoryRules([{ pattern: '*', rule: { length: 10, ageSeconds: 60 } }])
  const broker = new MemoryBroker({ history, now: () => now })
  t.teardown(() => broker.close())
  for (const at of [1_000_000, 990_000, 1_000_500]) {
    now = at
    await broker.publish([{ channel: 'a', data: Buffer.alloc(1) }])
  }
  const page = await broker.history?.read('a', { limit: 10, maxBytes: 1000 })
  t.same(
    page?.entries.map(({ time }) => time),
    [1_000_000, 1_000_000, 1_000_500],
  )
})

t.test('a small message does not hold on to the large piece of memory that it came in', async t => {
  const history = new HistoryRules([{ pattern: '*', rule: { length: 10, ageSeconds: 60 } }])
  const broker = new MemoryBroker({ history })
  t.teardown(() => broker.close())
  await broker.publish([{ channel: 'a', data: Buffer.alloc(1_000_000, 'y').subarray(0, 10) }])
  const page = await broker.history?.read('a', { limit: 1, maxBytes: 1000 })
  const data = page?.entries[0]?.message.data
  t.equal(`${data}`, 'y'.repeat(10))
  t.equal(data?.buffer.byteLength, 10)
})

t.test('a log keeps its offsets and its size while the old end is dropped', async t => {
  const log = new Log()
  for (let time = 1; time <= 100; time++) {
    log.append(entry(time))
    log.dropBefore(log.last - 9)
  }
  t.same([log.first, log.last, log.length], [91, 100, 10])
  t.equal(log.at(90), undefined)
  t.equal(log.at(91)?.time, 91)
  t.equal(log.at(101), undefined)
  t.same(
    [0, 91, 95, 100, 101].map(time => log.firstSince(time)),
    [91, 91, 95, 100, 101],
  )
  const { bytes } = log
  log.append(entry(101, Buffer.alloc(1000)))
  log.dropBefore(92)
  t.equal(log.bytes, bytes + 999)
  log.dropBefore(1000)
  t.same([log.first, log.last, log.length, log.bytes], [102, 101, 0, 0])
})

t.test('outcomes are forgotten after their time, the oldest first', async t => {
  let now = 0
  const outcomes = new MemoryOutcomes(1, () => now)
  const publish = (key: string) => outcomes.once('news', { key, fingerprint: 'f' }, () => ({ receivers: now }))
  publish('a')
  now = 600
  publish('b')
  now = 999
  t.same(publish('a'), { receivers: 0, replayed: true })
  now = 1000
  t.same(publish('a'), { receivers: 1000 })
  t.equal(outcomes.size, 2)
})
