import t from 'tap'
import { FORMATS } from '../src/frames.js'
import { Lane } from '../src/lane.js'
import { Message } from '../src/message.js'
import { Outbox } from '../src/outbox.js'
import { Subscriber } from '../src/subscriber.js'
import { channelTopic } from '../src/topic.js'
import { FakeSink } from './support/fake-sink.js'
import { endOfTick } from './support/hub-client.js'

const message = (text: string) => new Message({ channel: 'news', data: Buffer.from(text) })
const topic = channelTopic('news')

function member(lane: Lane, maxBufferedBytes = 1024) {
  const sink = new FakeSink()
  const subscriber = new Subscriber({ sink, maxBufferedBytes, onClose: () => lane.leave(subscriber) })
  subscriber.open()
  lane.join(subscriber)
  return { sink, subscriber }
}

t.test('joins the messages of a tick into one write, in their order', async t => {
  const lane = new Lane(FORMATS.sse, new Outbox())
  const { sink } = member(lane)
  for (const text of ['a', 'b']) lane.deliver(message(text), topic)
  lane.push(Buffer.from(': answer\n\n'))
  t.equal(sink.writes.length, 0)
  await endOfTick()
  t.equal(sink.writes.length, 1)
  t.equal(sink.text, 'data: a\n\ndata: b\n\n: answer\n\n')
  lane.deliver(message('c'), topic)
  await endOfTick()
  t.equal(sink.writes.length, 2)
})

t.test('lets out what it has before somebody joins or leaves', async t => {
  const lane = new Lane(FORMATS.sse, new Outbox())
  const first = member(lane)
  lane.deliver(message('a'), topic)
  const second = member(lane)
  lane.deliver(message('b'), topic)
  lane.leave(first.subscriber)
  lane.deliver(message('c'), topic)
  await endOfTick()
  t.equal(first.sink.text, 'data: a\n\ndata: b\n\n')
  t.equal(second.sink.text, 'data: b\n\ndata: c\n\n')
})

t.test('writes to all others when one is cut in the middle of it', async t => {
  const outbox = new Outbox()
  const lane = new Lane(FORMATS.sse, outbox)
  const [first, stuck, last] = [member(lane), member(lane), member(lane)]
  stuck.sink.buffered = 1024
  lane.deliver(message('a'), topic)
  await endOfTick()
  t.equal(first.sink.text, 'data: a\n\n')
  t.equal(last.sink.text, 'data: a\n\n')
  t.same(stuck.sink.closings, ['slow_consumer'])
  t.equal(lane.members.size, 2)
  t.same(outbox.counters.delivered.sse, { messages: 2, bytes: 18 }, 'who was cut got nothing of it')
  t.equal(stuck.subscriber.messages, 0)
})

t.test('flushing an empty lane writes nothing', async t => {
  const lane = new Lane(FORMATS.sse, new Outbox())
  const { sink } = member(lane)
  lane.flush()
  t.equal(sink.writes.length, 0)
})

t.test('a member that has left knows what it was sent', async t => {
  const outbox = new Outbox()
  const lane = new Lane(FORMATS.sse, outbox)
  const early = member(lane)
  lane.deliver(message('a'), topic)
  lane.push(Buffer.from(': answer\n\n'))
  const late = member(lane)
  lane.join(late.subscriber)
  for (const text of ['b', 'c']) lane.deliver(message(text), topic)
  lane.leave(early.subscriber)
  lane.deliver(message('d'), topic)
  late.subscriber.close('client_gone')
  t.match(early.subscriber, { messages: 3, bytes: Buffer.byteLength(early.sink.text) })
  t.match(late.subscriber, { messages: 2, bytes: Buffer.byteLength(late.sink.text) })
  t.same(outbox.counters.delivered.sse, { messages: 5, bytes: early.subscriber.bytes + late.subscriber.bytes })
})
