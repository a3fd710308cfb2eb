import t from 'tap'
import { Subscriber } from '../../src/fanout/subscriber.js'
import type { CloseReason } from '../../src/protocol/close-reasons.js'
import { FakeSink } from '../support/fake-sink.js'

const bytes = (length: number) => Buffer.alloc(length, 'x')
const HEARTBEAT = Buffer.from(':\n')

function setUp({ open = true } = {}) {
  const sink = new FakeSink()
  const closed: CloseReason[] = []
  const subscriber = new Subscriber({ sink, maxBufferedBytes: 100, onClose: reason => closed.push(reason) })
  if (open) subscriber.open()
  return { sink, subscriber, closed }
}

t.test('holds what comes before it is open, and lets it out in order, behind the opening', async t => {
  const { sink, subscriber } = setUp({ open: false })
  for (const text of ['a', 'b']) subscriber.write(Buffer.from(text))
  t.equal(sink.text, '')
  subscriber.open([Buffer.from('opening ')])
  subscriber.write(Buffer.from('c'))
  t.equal(sink.text, 'opening abc')
  subscriber.open([Buffer.from('twice')])
  t.equal(sink.text, 'opening abc')
})

t.test('cuts a client that waits to be opened, when more is held than it may fall behind', async t => {
  const { sink, subscriber, closed } = setUp({ open: false })
  subscriber.write(bytes(60))
  subscriber.write(bytes(40))
  t.notOk(subscriber.closed)
  subscriber.write(bytes(1))
  t.same(closed, ['slow_consumer'])
  t.same(sink.closings, ['slow_consumer'])
  subscriber.open()
  t.equal(sink.text, '')
  t.same(sink.closings, ['slow_consumer'])
})

t.test('cuts a client at its bound, not before, and writes nothing in part', async t => {
  const { sink, subscriber, closed } = setUp()
  sink.buffered = 60
  subscriber.write(bytes(40))
  t.equal(sink.text.length, 40)
  sink.buffered = 100
  subscriber.write(bytes(1))
  t.equal(sink.text.length, 40)
  t.same(closed, ['slow_consumer'])
  subscriber.write(bytes(1))
  t.equal(sink.text.length, 40)
})

t.test('lets a client that has kept up have one write that is larger than the bound', async t => {
  const { sink, subscriber } = setUp()
  subscriber.write(bytes(1000))
  t.equal(sink.text.length, 1000)
  t.notOk(subscriber.closed)
})

t.test('beats while all is read and the peer answers', async t => {
  const { sink, subscriber } = setUp()
  for (let i = 0; i < 3; i++) subscriber.beat(HEARTBEAT)
  t.equal(sink.writes.length, 3)
  t.equal(`${sink.writes[0]}`, ':\n')
})

t.test('ends a client that has not answered the last beat', async t => {
  const { sink, subscriber, closed } = setUp()
  sink.answers = false
  subscriber.beat(HEARTBEAT)
  t.same(closed, ['unresponsive'])
  t.equal(sink.writes.length, 0)
})

t.test('ends a client that has taken nothing between two beats, and spares one that takes little', async t => {
  const { sink, subscriber, closed } = setUp()
  sink.buffered = 50
  for (const flushed of [0, 1, 2]) {
    sink.flushed = flushed
    subscriber.beat(HEARTBEAT)
    t.notOk(subscriber.closed)
  }
  t.equal(sink.writes.length, 0, 'bytes are on their way already')
  subscriber.beat(HEARTBEAT)
  t.same(closed, ['slow_consumer'])
})

t.test('does not beat before it is open, nor after its end', async t => {
  const { sink, subscriber } = setUp({ open: false })
  sink.answers = false
  subscriber.beat(HEARTBEAT)
  t.notOk(subscriber.closed)
  subscriber.open()
  subscriber.close('timeout')
  subscriber.beat(HEARTBEAT)
  t.equal(sink.writes.length, 0)
})

t.test('closes once, for the first reason', async t => {
  const { sink, subscriber, closed } = setUp()
  subscriber.close('timeout')
  subscriber.close('draining')
  t.same(closed, ['timeout'])
  t.same(sink.closings, ['timeout'])
  t.ok(subscriber.closed)
})

t.test('a client that is ended while it is held still gets what it was owed, then the end', async t => {
  const { sink, subscriber, closed } = setUp({ open: false })
  subscriber.write(Buffer.from('owed'))
  subscriber.close('limit_reached')
  t.same(closed, ['limit_reached'])
  t.same(sink.closings, [])
  subscriber.write(Buffer.from('not owed'))
  subscriber.open()
  t.equal(sink.text, 'owed')
  t.same(sink.closings, ['limit_reached'])
})

t.test('a client that is gone while it is held gets nothing any more', async t => {
  const { sink, subscriber } = setUp({ open: false })
  subscriber.write(Buffer.from('owed'))
  subscriber.close('client_gone')
  t.same(sink.closings, ['client_gone'])
  subscriber.open()
  t.equal(sink.text, '')
})
