import t from 'tap'
import { Messages, matcher } from '../../console/messages.js'
import { Rates } from '../../console/rates.js'

const row = (data: string, size = 100) => ({ at: 0, size, channel: 'news', data })
const all = () => true

t.test('it keeps the last ones, bounded in number', async t => {
  const messages = new Messages({ maxRows: 10 })
  for (let i = 1; i <= 1000; i++) messages.add(row(`${i}`))
  t.equal(messages.size, 10)
  t.equal(messages.bytes, 1000)
  t.equal(messages.newest, 1000)
  t.same(
    messages.latest({ limit: 3, matches: all }).map(({ data }) => data),
    ['998', '999', '1000'],
  )
  t.equal(messages.latest({ limit: 100, matches: all }).length, 10)
  t.equal(messages.find(991)?.data, '991')
  t.equal(messages.find(990), undefined)
  t.equal(messages.find(1001), undefined)
})

t.test('keeps the latest ones, bounded in bytes, and always the newest', async t => {
  const messages = new Messages({ maxBytes: 1000 })
  for (let i = 1; i <= 50; i++) messages.add(row(`${i}`, 300))
  t.equal(messages.size, 3)
  messages.add(row('big', 5000))
  t.equal(messages.size, 1)
  t.equal(messages.latest({ limit: 5, matches: all })[0]?.data, 'big')
  messages.clear()
  t.equal(messages.size, 0)
  t.equal(messages.bytes, 0)
  t.equal(messages.add(row('next')).number, 52, 'numbers go on')
})

t.test('messages after a row, and up to a row', async t => {
  const messages = new Messages()
  for (let i = 1; i <= 9; i++) messages.add(row(`${i}`))
  const numbers = (query: { after?: number; upTo?: number }) =>
    messages.latest({ ...query, limit: 100, matches: ({ number }) => number % 2 === 1 }).map(({ number }) => number)
  t.same(numbers({ after: 4 }), [5, 7, 9])
  t.same(numbers({ upTo: 4 }), [1, 3])
})

t.test('a filter looks for each word in channel, event and text, and lets gaps through', async t => {
  const found = (filter: string, it: object) =>
    matcher(filter)({ ...row('{"total": 42, "City": "Berlin"}'), number: 1, ...it })
  t.ok(found('', {}))
  t.ok(found('berlin 42', {}))
  t.ok(found('NEWS', {}))
  t.ok(found('price', { event: 'price' }))
  t.notOk(found('berlin 43', {}))
  t.notOk(found('x', { data: new Uint8Array([120]) }))
  t.ok(found('nothing', { gap: { reason: 'disconnected' } }))
})

t.test('rates are counted by the second, over two minutes', async t => {
  const rates = new Rates(1_000_000)
  for (let i = 0; i < 200; i++) rates.add(1_000_000 + i * 5, 10)
  t.same(rates.now(1_001_000), { messages: 200, bytes: 2000 })
  t.same(rates.now(1_002_500), { messages: 0, bytes: 0 })
  rates.add(1_003_000, 1)
  const [seconds, messages] = rates.series(1_004_000)
  t.equal(seconds.length, 119)
  t.equal(seconds.at(-1), 1003)
  t.same(messages.slice(-4), [200, 0, 0, 1])
  t.same(rates.series(1_000_000 + 500_000)[1].filter(Boolean), [], 'after a long silence nothing is left')
  t.equal(rates.total, 201)
})
