import fc from 'fast-check'
import t from 'tap'
import { FanoutGroup } from '../../src/fanout/fanout-group.js'
import { FlushScheduler } from '../../src/fanout/flush-scheduler.js'
import { Subscriber } from '../../src/fanout/subscriber.js'
import { Message } from '../../src/messages/message.js'
import { channelTopic } from '../../src/messages/topic.js'
import { FakeSink } from '../support/fake-sink.js'
import { FORMATS } from '../support/formats.js'
import { endOfTick } from '../support/hub-client.js'

const message = (text: string) => new Message({ channel: 'news', data: Buffer.from(text) })
const topic = channelTopic('news')

function member(group: FanoutGroup, maxBufferedBytes = 1024) {
  const sink = new FakeSink()
  const subscriber = new Subscriber({ sink, maxBufferedBytes, onClose: () => group.leave(subscriber) })
  subscriber.open()
  group.join(subscriber)
  return { sink, subscriber }
}

t.test('joins the messages of a tick into one write, in their order', async t => {
  const group = new FanoutGroup(FORMATS.sse, new FlushScheduler())
  const { sink } = member(group)
  for (const text of ['a', 'b']) group.deliver(message(text), topic)
  group.push(Buffer.from(': answer\n\n'))
  t.equal(sink.writes.length, 0)
  await endOfTick()
  t.equal(sink.writes.length, 1)
  t.equal(sink.text, 'data: a\n\ndata: b\n\n: answer\n\n')
  group.deliver(message('c'), topic)
  await endOfTick()
  t.equal(sink.writes.length, 2)
})

t.test('lets out what it has before somebody joins or leaves', async t => {
  const group = new FanoutGroup(FORMATS.sse, new FlushScheduler())
  const first = member(group)
  group.deliver(message('a'), topic)
  const second = member(group)
  group.deliver(message('b'), topic)
  group.leave(first.subscriber)
  group.deliver(message('c'), topic)
  await endOfTick()
  t.equal(first.sink.text, 'data: a\n\ndata: b\n\n')
  t.equal(second.sink.text, 'data: b\n\ndata: c\n\n')
})

t.test('writes to all others when one is cut in the middle of it', async t => {
  const scheduler = new FlushScheduler()
  const group = new FanoutGroup(FORMATS.sse, scheduler)
  const [first, stuck, last] = [member(group), member(group), member(group)]
  stuck.sink.buffered = 1024
  group.deliver(message('a'), topic)
  await endOfTick()
  t.equal(first.sink.text, 'data: a\n\n')
  t.equal(last.sink.text, 'data: a\n\n')
  t.same(stuck.sink.closings, ['slow_consumer'])
  t.equal(group.size, 2)
  t.same(scheduler.counters.delivered('sse'), { messages: 2, bytes: 18 }, 'who was cut got nothing of it')
  t.equal(stuck.subscriber.messages, 0)
})

t.test('flushing an empty group writes nothing', async t => {
  const group = new FanoutGroup(FORMATS.sse, new FlushScheduler())
  const { sink } = member(group)
  group.flush()
  t.equal(sink.writes.length, 0)
})

t.test('a member that has left knows what it was sent', async t => {
  const scheduler = new FlushScheduler()
  const group = new FanoutGroup(FORMATS.sse, scheduler)
  const early = member(group)
  group.deliver(message('a'), topic)
  group.push(Buffer.from(': answer\n\n'))
  const late = member(group)
  group.join(late.subscriber)
  for (const text of ['b', 'c']) group.deliver(message(text), topic)
  group.leave(early.subscriber)
  group.deliver(message('d'), topic)
  late.subscriber.close('client_gone')
  t.match(early.subscriber, { messages: 3, bytes: Buffer.byteLength(early.sink.text) })
  t.match(late.subscriber, { messages: 2, bytes: Buffer.byteLength(late.sink.text) })
  t.same(scheduler.counters.delivered('sse'), { messages: 5, bytes: early.subscriber.bytes + late.subscriber.bytes })
})

t.test('a large group writes to some clients per tick, so others do not wait', async t => {
  const scheduler = new FlushScheduler()
  const full = new FanoutGroup(FORMATS.sse, scheduler)
  const small = new FanoutGroup(FORMATS.sse, scheduler)
  const many = Array.from({ length: 200 }, () => member(full))
  const other = member(small)
  full.deliver(message('a'), topic)
  small.deliver(message('b'), topic)
  await endOfTick()
  const served = many.filter(({ sink }) => sink.writes.length === 1)
  t.ok(served.length > 0 && served.length < 200, `${served.length} were written to`)
  t.equal(other.sink.text, 'data: b\n\n')
  t.same(scheduler.counters.delivered('sse'), { messages: served.length + 1, bytes: (served.length + 1) * 9 })
  // What comes meanwhile waits, and leaves in one write.
  for (const text of ['c', 'd']) {
    full.deliver(message(text), topic)
    small.deliver(message(text), topic)
    await endOfTick()
  }
  t.equal(other.sink.writes.length, 3)
  scheduler.flush()
  for (const { sink } of many) t.match(sink.writes.map(String), ['data: a\n\n', 'data: c\n\ndata: d\n\n'])
  t.same(scheduler.counters.delivered('sse'), { messages: 603, bytes: 603 * 9 })
})

t.test('does not fall behind who publishes: when much waits, all get it at once', async t => {
  const group = new FanoutGroup(FORMATS.sse, new FlushScheduler())
  const many = Array.from({ length: 200 }, () => member(group, 4 * 1024 * 1024))
  const [last] = many.slice(-1)
  group.deliver(message('a'), topic)
  await endOfTick()
  t.equal(last?.sink.writes.length, 0)
  group.deliver(message('x'.repeat(2 * 1024 * 1024)), topic)
  await endOfTick()
  t.equal(last?.sink.writes.length, 1)
})

t.test('is done with any number of members after a bounded number of ticks', async t => {
  const group = new FanoutGroup(FORMATS.sse, new FlushScheduler())
  const many = Array.from({ length: 3000 }, () => member(group))
  group.deliver(message('a'), topic)
  for (let ticks = 0; ticks < 33; ticks++) await endOfTick()
  t.ok(many.every(({ sink }) => sink.writes.length === 1))
})

t.test('refuses its members only when they have what was theirs', t => {
  const group = new FanoutGroup(FORMATS.sse, new FlushScheduler())
  const { sink } = member(group)
  group.deliver(message('a'), topic)
  group.refuse(topic)
  t.equal(sink.text, 'data: a\n\n')
  t.same(sink.closings, ['channel_refused'])
  t.end()
})

/** What happens to a group, and to which of its members. */
const step = fc.record({ does: fc.constantFrom('deliver', 'tick', 'join', 'leave', 'close'), which: fc.nat(1000) })

t.test(
  'gives each member what comes between its joining and its leaving, however these fall, and counts it',
  async t => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const scheduler = new FlushScheduler()
      const group = new FanoutGroup(FORMATS.sse, scheduler)
      const all: (ReturnType<typeof member> & { due: string })[] = []
      const join = () => all.push({ ...member(group), due: '' })
      const present = () => all.filter(({ subscriber }) => group.has(subscriber))
      for (let i = 0; i < 50; i++) join()
      for (const [number, { does, which }] of steps.entries()) {
        const members = present()
        const one = members[which % members.length]?.subscriber
        if (does === 'join') join()
        if (does === 'tick') await endOfTick()
        if (does === 'leave' && one) group.leave(one)
        if (does === 'close') one?.close('client_gone')
        if (does !== 'deliver') continue
        group.deliver(message(`${number}`), topic)
        for (const it of members) it.due += `data: ${number}\n\n`
      }
      for (const { subscriber } of present()) group.leave(subscriber)
      let bytes = 0
      for (const { subscriber, sink, due } of all) {
        // Who was gone before it left may have missed the end.
        const isRight = subscriber.closed ? due.startsWith(sink.text) : due === sink.text
        if (!isRight) throw new Error(`${sink.text} instead of ${due}`)
        const messages = sink.text.split('data').length - 1
        if (subscriber.messages !== messages || subscriber.bytes !== sink.text.length)
          throw new Error(`${subscriber.messages} messages, ${subscriber.bytes} bytes are counted of ${sink.text}`)
        bytes += sink.text.length
      }
      const delivered = scheduler.counters.delivered('sse').bytes
      if (delivered !== bytes) throw new Error(`${delivered} of ${bytes} bytes are counted`)
    })
    await fc.assert(property)
    t.pass()
  },
)
