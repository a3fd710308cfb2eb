import { crc32 } from 'node:zlib'
import t from 'tap'
import {
  channelOfMetadata,
  decodeMetadata,
  encodeMetadata,
  metadataChannelOf,
  PendingMetadata,
  wireNames,
} from '../../../../src/brokers/redis/commands/metadata.js'
import { channelTopic, patternTopic } from '../../../../src/messages/topic.js'

const data = Buffer.from('hello')

t.test('a metadata channel has its channel in the hash tag, and names its owner', async t => {
  t.equal(metadataChannelOf('news'), 'carillon:meta:{news}')
  t.equal(channelOfMetadata('carillon:meta:{news}'), 'news')
  t.equal(channelOfMetadata('news'), undefined)
  t.equal(channelOfMetadata('carillon:gateways'), undefined)
})

t.test('a topic goes to Redis with its metadata channel first', async t => {
  t.same(wireNames(channelTopic('news')), ['carillon:meta:{news}', 'news'])
  t.same(wireNames(patternTopic('n*')), ['carillon:meta:{n*}', 'n*'])
})

t.test('metadata is written only where the bytes do not say all', async t => {
  t.equal(encodeMetadata({ channel: 'news', data }), undefined)
  t.equal(encodeMetadata({ channel: 'news', data, event: 'price' }), `{"event":"price","crc":${crc32(data)}}`)
})

t.test('metadata is read as it was written', async t => {
  const encoded = encodeMetadata({ channel: 'news', data, event: 'price' })
  t.same(decodeMetadata(Buffer.from(encoded ?? '')), { event: 'price', crc: crc32(data) })
})

for (const garbage of ['', '{', 'null', '1', '"x"', '[]', '{}', '{"event":"price"}', '{"event":"price","crc":"1"}'])
  t.test(`takes ${garbage || 'nothing'} for no metadata`, async t => {
    t.equal(decodeMetadata(Buffer.from(garbage)), undefined)
  })

for (const event of ['gap', 'open', 'error', 'a b', 'a\r\ndata: x', '', 'é', 'x'.repeat(129), 7, null])
  t.test(
    `does not take over the event type ${JSON.stringify(event).slice(0, 20)}, which no publisher may use`,
    async t => {
      t.same(decodeMetadata(Buffer.from(JSON.stringify({ event, crc: 1 }))), { crc: 1 })
    },
  )

t.test('metadata is given once, to the bytes it belongs to, on its own route', async t => {
  const pending = new PendingMetadata()
  const metadata = { event: 'price', crc: crc32(data) }
  pending.add('news', metadata)
  t.equal(pending.take('news', Buffer.from('other')), undefined)
  t.equal(pending.take('other', data), undefined)
  t.equal(pending.take('news', data), metadata)
  t.equal(pending.take('news', data), undefined)
})

t.test('metadata for the same bytes is given in the order in which it came', async t => {
  const pending = new PendingMetadata()
  for (const event of ['a', 'b']) pending.add('news', { event, crc: crc32(data) })
  t.equal(pending.take('news', data)?.event, 'a')
  t.equal(pending.take('news', data)?.event, 'b')
})

t.test('metadata whose bytes never come is forgotten, the oldest first', async t => {
  const pending = new PendingMetadata()
  pending.add('news', { event: 'old', crc: crc32(data) })
  for (let crc = 1; crc <= 64; crc++) pending.add('news', { event: 'forged', crc })
  t.equal(pending.take('news', data), undefined)
})

t.test('metadata does not outlive a lost connection', async t => {
  const pending = new PendingMetadata()
  pending.add('news', { event: 'price', crc: crc32(data) })
  pending.clear()
  t.equal(pending.take('news', data), undefined)
})

const position = { epoch: 'a1b2c3d4e5f60718', offset: 42, tag: 0xabcdef }
const positioned = (more: object) =>
  decodeMetadata(Buffer.from(JSON.stringify({ ...position, tag: 'abcdef', crc: 1, ...more })))

t.test('metadata of a message that is kept has its position', async t => {
  t.equal(encodeMetadata({ channel: 'news', data }, { always: true }), `{"crc":${crc32(data)}}`)
  t.same(positioned({}), { crc: 1, position })
  t.same(positioned({ event: 'price' }), { event: 'price', crc: 1, position })
})

for (const [name, value] of [
  ['epoch', 'a1b2'],
  ['epoch', 'A1B2C3D4E5F60718'],
  ['epoch', null],
  ['offset', 0],
  ['offset', 1.5],
  ['offset', '42'],
  ['offset', 2 ** 48],
  ['tag', 'xyz'],
  ['tag', 0xabcdef],
] as const)
  t.test(`takes no position with ${name} ${JSON.stringify(value)}`, async t => {
    t.same(positioned({ [name]: value }), { crc: 1 })
  })

t.test('a position whose bytes were lost is not given to the same bytes that come later', async t => {
  const pending = new PendingMetadata()
  const crc = crc32(data)
  pending.add('news', { crc, event: 'native-like' })
  pending.add('news', { crc, position })
  pending.add('news', { crc, position: { ...position, offset: 43 } })
  t.same(pending.take('news', data), { crc, event: 'native-like' })
  t.same(pending.take('news', data)?.position?.offset, 43)
  t.equal(pending.take('news', data), undefined)
})
