import t from 'tap'
import { encodeId, encodeMark, joinIds, readCursor } from '../../src/messages/cursor.js'
import { markOf, UNKNOWN } from '../../src/messages/position.js'

const epoch = 'a1b2c3d4e5f60718'
const position = (offset: number, tag = 0xabcdef) => ({ epoch, offset, tag })

for (const [offset, id] of [
  [1, 'mVChq83vAQ'],
  [255, 'mVChq83v_w'],
  [256, 'mVChq83vAQA'],
  [2 ** 40 - 1, 'mVChq83v______8'],
  [2 ** 40, 'mVChq83vAQAAAAAA'],
] as const)
  t.test(`writes the offset ${offset} as ${id}, and reads it again`, async t => {
    t.equal(encodeId('news', position(offset)), id)
    t.same(readCursor(id, ['news']), [markOf(position(offset))])
  })

t.test('a mark has the first byte of the epoch and the tag for its check', async t => {
  t.same(markOf(position(7)), { offset: 7, check: 0xa1abcdef })
})

t.test('says of a silent channel that it is at its beginning', async t => {
  t.same(readCursor(encodeMark('news', UNKNOWN), ['news']), [UNKNOWN])
})

t.test('a cursor for several channels gives each its mark, in any order', async t => {
  const ids = new Map(['b', 'a', 'c'].map((channel, i) => [channel, encodeId(channel, position(i + 1))]))
  const cursor = joinIds(ids)
  t.equal(cursor, ['a', 'b', 'c'].map(channel => ids.get(channel)).join('.'))
  t.same(
    readCursor(cursor, ['c', 'a', 'x', 'b']).map(mark => mark?.offset),
    [3, 2, undefined, 1],
  )
})

t.test('eight channels fit into 128 safe characters, below 2^40 messages', async t => {
  const channels = Array.from({ length: 8 }, (_, i) => `channel:${i}`)
  const cursor = joinIds(new Map(channels.map(channel => [channel, encodeId(channel, position(2 ** 40 - 1))])))
  t.match(cursor, /^[A-Za-z0-9._-]{1,128}$/)
  t.equal(cursor.length, 127)
})

t.test('channels whose names share a checksum are told apart by their order, if all are present', async t => {
  const [one, other] = sameChecksum()
  const ids = new Map([other, one].map(channel => [channel, encodeId(channel, position(channel === one ? 1 : 2))]))
  t.same(
    readCursor(joinIds(ids), [one, other]).map(mark => mark?.offset),
    [1, 2],
  )
  t.same(
    readCursor(joinIds(ids), [other, one]).map(mark => mark?.offset),
    [2, 1],
  )
  t.same(readCursor(ids.get(one) ?? '', [one, other]), [undefined, undefined])
  t.same(readCursor(joinIds(ids), [one]), [undefined])
})

for (const garbage of [
  '',
  '.',
  'x',
  '0',
  'mVChq83v', // no offset
  'mVChq83vAAE', // an offset with a leading zero
  'mVChq83vAQAAAAAAAA', // an offset of 8 bytes
  'mVChq83vAR', // bits behind the end
  'mVChq83vAQ==',
  'mVChq83vAQ ',
  'mVChq8/vAQ',
  'mVChq83vAQ'.repeat(1000),
  '__proto__',
  '2026-01-01T00:00:00Z',
])
  t.test(`takes ${JSON.stringify(garbage.slice(0, 30))} for no mark`, async t => {
    t.same(readCursor(garbage, ['news']), [undefined])
  })

t.test('passes over what is no id beside one that is', async t => {
  t.same(readCursor('x..mVChq83vAQ.', ['news']), [markOf(position(1))])
})

t.test('an id that is repeated as often as a frame has room is not a mark', async t => {
  const id = encodeId('news', position(1))
  t.same(readCursor(Array(60_000).fill(id).join('.'), ['news']), [undefined])
})

t.test('an id of another channel is no mark', async t => {
  t.same(readCursor(encodeId('other', position(1)), ['news']), [undefined])
})

/** Two names, in alphabetical order, whose ids begin alike. */
function sameChecksum(): [string, string] {
  const seen = new Map<string, string>()
  for (let i = 10_000; ; i++) {
    const name = `channel-${i}`
    const head = encodeMark(name, UNKNOWN).slice(0, 2)
    const check = Buffer.from(encodeMark(name, UNKNOWN), 'base64url').readUInt16BE(0)
    const other = seen.get(`${check}`)
    if (other !== undefined) return [other, name]
    seen.set(`${check}`, name)
    if (head === undefined) throw new Error('an id is never empty')
  }
}
