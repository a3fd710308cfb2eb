import type { Test } from 'tap'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { settle, startBroker, supported } from '../../support/recorder.js'
import type { MakeBroker } from '../contract.js'

/** The guarantees for subscribing and unsubscribing. */
export function subscribing(t: Test, makeBroker: MakeBroker, needPatterns: { skip?: string }): void {
  t.test('tells that a topic is live before `subscribe` resolves, and not before it returns', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    for (const topic of supported(broker, [channelTopic('news'), patternTopic('news')])) {
      const news = `live ${topic.kind} news`
      const subscribed = broker.subscribe(topic)
      t.equal(recorder.heard(news), 0)
      await subscribed
      t.equal(recorder.heard(news), 1)
    }
  })

  t.test('hears what is published as soon as `subscribe` has resolved, in 1,000 out of 1,000 tries', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const tries = Array.from({ length: 1000 }, (_, i) => `try-${i}`)
    const data = Buffer.from('x')
    for (let at = 0; at < tries.length; at += 50) {
      await Promise.all(
        tries.slice(at, at + 50).map(async (channel, i) => {
          const topic = i % 2 || !broker.hasPatterns ? channelTopic(channel) : patternTopic(channel)
          await broker.subscribe(topic)
          await broker.publish([i % 3 ? { channel, data } : { channel, data, event: 'price' }])
        }),
      )
    }
    const messages = await settle(broker, recorder)
    t.equal(messages.length, tries.length)
    t.equal(new Set(messages.map(({ channel }) => channel)).size, tries.length)
  })

  t.test('subscribes by itself once it can, when it is asked right after its start', async t => {
    const broker = makeBroker()
    const { recorder } = await (async () => {
      const starting = startBroker(t, broker)
      const subscribed = broker.subscribe(channelTopic('early'))
      const started = await starting
      await subscribed
      return started
    })()
    await broker.publish([{ channel: 'early', data: Buffer.from('x') }])
    t.equal((await recorder.messages.next()).channel, 'early')
  })

  t.test('hears nothing of a topic that it has unsubscribed', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const topics = supported(broker, [channelTopic('news'), patternTopic('new*')])
    await Promise.all(topics.map(topic => broker.subscribe(topic)))
    for (const topic of topics) broker.unsubscribe(topic)
    await settle(broker, recorder)
    t.same(await broker.publish([{ channel: 'news', data: Buffer.from('x') }]), [{ receivers: 0 }])
    t.same(await settle(broker, recorder), [])
  })

  t.test('is live again, once, after it unsubscribed and subscribed at once', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    const topics = supported(broker, [channelTopic('news'), patternTopic('n?ws')])
    for (const topic of topics) {
      await broker.subscribe(topic)
      broker.unsubscribe(topic)
      await broker.subscribe(topic)
      t.same(await broker.publish([{ channel: 'news', data: Buffer.from('x') }]), [{ receivers: 1 }])
      t.equal((await recorder.messages.next()).channel, 'news')
      broker.unsubscribe(topic)
      await settle(broker, recorder)
    }
    t.equal((await settle(broker, recorder)).length, topics.length)
  })

  t.test('tolerates that a topic is unsubscribed that it does not know', async t => {
    const { broker, recorder } = await startBroker(t, makeBroker())
    broker.unsubscribe(channelTopic('unknown'))
    broker.unsubscribe(patternTopic('unknown'))
    t.same(await settle(broker, recorder), [])
  })

  for (const topicOf of [channelTopic, patternTopic]) {
    const { kind } = topicOf('')
    t.test(
      `ends in the right state after a thousand joins and leaves of ${kind}s at once`,
      kind === 'pattern' ? needPatterns : {},
      async t => {
        const { broker, recorder } = await startBroker(t, makeBroker())
        const names = Array.from({ length: 40 }, (_, i) => `room-${i}`)
        // Each room is joined and left 12 or 13 times in turn: those of an odd number stay.
        const stays = (i: number): boolean => i % 2 === 1
        const last: Promise<void>[] = []
        for (let turn = 0; turn < 25; turn++) {
          for (const [i, name] of names.entries()) {
            if (turn % 2) broker.unsubscribe(topicOf(name))
            else if (turn < 24) broker.subscribe(topicOf(name))
            else if (stays(i)) last.push(broker.subscribe(topicOf(name)))
          }
          if (turn % 7 === 3) await new Promise(setImmediate) // some meet an answer on its way
        }
        await Promise.all(last)
        await settle(broker, recorder)
        const data = Buffer.from('x')
        const results = await broker.publish(names.map(channel => ({ channel, data })))
        t.same(
          results,
          names.map((_, i) => ({ receivers: stays(i) ? 1 : 0 })),
        )
        t.same(
          (await settle(broker, recorder)).map(({ channel }) => channel).sort(),
          names.filter((_, i) => stays(i)).sort(),
        )
        const listed = kind === 'channel' ? names.filter((_, i) => stays(i)) : []
        t.same((await broker.channels('room-*')).sort(), listed.sort())
      },
    )
  }
}
