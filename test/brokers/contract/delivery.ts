import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { Broker } from '../../../src/brokers/broker.js'
import type { Publication } from '../../../src/messages/message.js'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { settle, startBroker, supported } from '../../support/recorder.js'
import type { MakeBroker } from '../contract.js'

const PAYLOADS = {
  'every byte value': Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  'an empty message': Buffer.alloc(0),
  'CR, LF and CRLF': Buffer.from('a\rb\nc\r\nd\r\n\r\n'),
  'four-byte UTF-8': Buffer.from('🔔 \u{10ffff}'),
  'JSON with its spaces': Buffer.from('{ "a" : 1.0 }\n'),
  'what looks like metadata of our own': Buffer.from('{"event":"price","crc":0}'),
  '64 KiB of random bytes': randomBytes(64 * 1024),
}

/** Bytes, order, event types and receivers. */
export function delivery(t: Test, makeBroker: MakeBroker, needPatterns: { skip?: string }): void {
  for (const [what, data] of Object.entries(PAYLOADS)) {
    t.test(`hands over ${what} as it was published, with an event type and without`, async t => {
      const { broker, recorder } = await startBroker(t, makeBroker())
      const ways = await subscribeBothWays(broker, 'n*')
      await broker.publish([
        { channel: 'news', data },
        { channel: 'news', data, event: 'price' },
      ])
      const messages = await recorder.messages.take(2 * ways.length)
      t.ok(messages.every(message => message.channel === 'news' && message.data.equals(data)))
      for (const pattern of ways)
        t.same(
          messages.filter(message => message.pattern === pattern).map(({ event }) => event),
          [undefined, 'price'],
        )
    })
  }

  t.test('keeps the order of a channel, over single publications and batches', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const ways = await subscribeBothWays(broker, '*')
    const publications = numbered('news', 2000)
    const results = []
    for (let at = 0; at < publications.length; at += 20) {
      results.push(broker.publish(publications.slice(at, at + 1)), broker.publish(publications.slice(at + 1, at + 20)))
      if (at % 200 === 0) await results.at(-1)
    }
    await Promise.all(results)
    const expected = publications.map(({ data }) => `${data}`).join()
    const messages = await settle(broker, recorder)
    for (const pattern of ways)
      t.equal(
        messages
          .filter(message => message.pattern === pattern)
          .map(({ data }) => `${data}`)
          .join(),
        expected,
      )
  })

  t.test('keeps each event type with its own message, even among messages of the same bytes', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const ways = await subscribeBothWays(broker, 'ne?s')
    const data = Buffer.from('the same')
    const publications = Array.from({ length: 1000 }, (_, i) =>
      i % 2 ? { channel: 'news', data, event: `type-${i}` } : { channel: 'news', data },
    )
    await Promise.all(publications.map(publication => broker.publish([publication])))
    const messages = await settle(broker, recorder)
    for (const pattern of ways)
      t.equal(
        messages
          .filter(message => message.pattern === pattern)
          .map(({ event }) => event)
          .join(),
        publications.map(({ event }) => event).join(),
      )
  })

  t.test('hands over one copy for each topic that matches, and names the pattern it came by', needPatterns, async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const topics = [channelTopic('chat:1'), ...['chat:*', '*:[0-9]', 'chat:2'].map(patternTopic)]
    await Promise.all(topics.map(topic => broker.subscribe(topic)))
    await broker.publish(['chat:1', 'chat:2', 'chat:x', 'other'].map(channel => ({ channel, data: Buffer.from('a') })))
    const ways = (await settle(broker, recorder)).map(({ channel, pattern }) => `${channel} by ${pattern ?? 'name'}`)
    t.same(ways.sort(), [
      'chat:1 by *:[0-9]',
      'chat:1 by chat:*',
      'chat:1 by name',
      'chat:2 by *:[0-9]',
      'chat:2 by chat:*',
      'chat:2 by chat:2',
      'chat:x by chat:*',
    ])
  })

  t.test('counts a receiver for each topic that matches, in the order of the publications', needPatterns, async t => {
    const { broker } = await startBroker(t, makeBroker())
    const topics = [channelTopic('a1'), channelTopic('b'), patternTopic('a*'), patternTopic('?1')]
    await Promise.all(topics.map(topic => broker.subscribe(topic)))
    const data = Buffer.from('x')
    t.same(
      await broker.publish([
        { channel: 'nobody', data },
        { channel: 'a1', data },
        { channel: 'b', data, event: 'price' },
        { channel: 'a1', data, event: 'price' },
        { channel: 'a2', data },
      ]),
      [0, 3, 1, 3, 1].map(receivers => ({ receivers })),
    )
    t.same(await broker.publish([]), [])
  })

  t.test('takes the names of object properties for ordinary channels', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '0']
    await Promise.all(names.map(name => broker.subscribe(channelTopic(name))))
    await broker.publish(names.map(channel => ({ channel, data: Buffer.from(channel), event: 'toString' })))
    t.same(
      (await recorder.messages.take(names.length))
        .map(({ channel, data, event }) => `${channel} ${data} ${event}`)
        .sort(),
      names.map(name => `${name} ${name} toString`).sort(),
    )
    t.same(
      await broker.subscriberCounts(names),
      names.map(() => 1),
    )
    for (const name of names) broker.unsubscribe(channelTopic(name))
    await settle(broker, recorder)
    t.same(
      await broker.subscriberCounts(names),
      names.map(() => 0),
    )
  })
}

const numbered = (channel: string, count: number): Publication[] =>
  Array.from({ length: count }, (_, i) => ({
    channel,
    data: Buffer.from(`${i}`),
    ...(i % 3 === 0 && { event: 'third' }),
  }))

/** Subscribes to the channel by its name and by a pattern. Resolves with the ways by which a message comes. */
async function subscribeBothWays(broker: Broker, pattern: string): Promise<(string | undefined)[]> {
  const topics = supported(broker, [channelTopic('news'), patternTopic(pattern)])
  await Promise.all(topics.map(topic => broker.subscribe(topic)))
  return topics.map(({ kind, name }) => (kind === 'pattern' ? name : undefined))
}
