import t from 'tap'
import { readRequest } from '../../src/protocol/session-protocol.js'

const read = (value: unknown) => readRequest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))

for (const request of [
  { type: 'subscribe', channel: 'news' },
  { type: 'subscribe', pattern: 'n*', ref: 'a' },
  { type: 'unsubscribe', channel: 'news', ref: 1.5 },
  { type: 'publish', channel: 'news', data: '' },
  { type: 'publish', channel: 'news', data: '/wD+', encoding: 'base64', event: 'price', ref: 0 },
  { type: 'ping' },
])
  t.test(`takes ${JSON.stringify(request)}`, async t => {
    t.same(read(request), request)
  })

for (const request of [
  null,
  7,
  [],
  {},
  { type: 'shout' },
  { type: 'ping', extra: 1 },
  { type: 'subscribe', channel: 1 },
  { type: 'publish', channel: 'news' },
  { type: 'publish', channel: 'news', data: { a: 1 } },
  { type: 'publish', channel: 'news', data: 'a', encoding: 'hex' },
  { type: 'subscribe', data: 'x', channel: 'news' },
  { type: 'toString' },
])
  t.test(`refuses ${JSON.stringify(request)}`, async t => {
    const answer = read(request)
    t.ok('problem' in answer && answer.problem.type === 'invalid-request')
  })

t.test('refuses what is not JSON', async t => {
  for (const frame of ['', 'ping', '{"type":"ping"', '\xff']) {
    const answer = read(frame)
    t.ok('problem' in answer && answer.problem.type === 'invalid-json' && answer.ref === undefined)
  }
})

t.test('refuses a frame that is not UTF-8, rather than change its data', async t => {
  const frame = Buffer.from('{"type":"publish","channel":"news","data":"\xff"}', 'latin1')
  const answer = readRequest(frame)
  t.ok('problem' in answer && answer.problem.type === 'invalid-json')
})

t.test('answers a bad frame to its ref, as far as that is one', async t => {
  const refOf = (ref: unknown) => {
    const answer = read({ type: 'shout', ref })
    return 'problem' in answer ? answer.ref : 'taken'
  }
  for (const ref of ['a', '', 0, -1.5, 'x'.repeat(128)]) t.equal(refOf(ref), ref)
  for (const ref of [null, {}, [], true, 'x'.repeat(129)]) t.equal(refOf(ref), undefined)
})
