import type { Test } from 'tap'
import { encodeId } from '../../../src/messages/cursor.js'
import { channelTopic, patternTopic } from '../../../src/messages/topic.js'
import { freshChannel, startKeeping } from '../../support/kept.js'
import { settle, supported } from '../../support/recorder.js'
import type { MakeBroker } from '../contract.js'

/** How what is kept is delivered. */
export function deliveredHistory(
  t: Test,
  makeBroker: MakeBroker,
  { needPatterns, localCounts }: { needPatterns: { skip?: string }; localCounts: boolean },
): void {
  t.test('delivers with the position under which it can be read, in that order', async t => {
    const { broker, recorder, read } = await startKeeping(t, makeBroker, { length: 1000 })
    const channel = freshChannel()
    await broker.subscribe(channelTopic(channel))
    const data = Buffer.from('the same bytes')
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => broker.publish([{ channel, data, ...(i % 3 && { event: `e${i}` }) }])),
    )
    const heard = await settle(broker, recorder)
    const { entries } = await read(channel)
    t.equal(entries.length, 300)
    for (const [i, { position }] of heard.entries()) {
      // The embedded broker does not say it: nothing can be lost between two of its messages.
      if (i > 0 && position?.previousTag !== undefined) t.equal(position.previousTag, heard[i - 1]?.position?.tag)
    }
    t.same(
      heard.map(({ position, event }) => {
        const { previousTag: _, ...place } = position ?? {}
        return { position: place, event }
      }),
      entries.map(({ message: { position, event } }) => ({ position, event })),
    )
  })

  t.test('delivers by a pattern with the same position', needPatterns, async t => {
    const { broker, recorder, publish } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    for (const topic of supported(broker, [channelTopic(channel), patternTopic(`${channel}*`)]))
      await broker.subscribe(topic)
    await publish(channel, 'a', { event: 'price' })
    const [one, other] = await recorder.messages.take(2)
    t.ok(one?.position)
    t.same(one?.position, other?.position)
    t.same([one?.event, other?.event], ['price', 'price'])
  })

  t.test('answers with the id of the message, beside the count', async t => {
    const { broker, recorder, publish } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    await broker.subscribe(channelTopic(channel))
    const result = await publish(channel, 'a')
    const { position } = await recorder.messages.next()
    if (!position) throw new Error('the message has no position')
    t.match(result, { receivers: localCounts ? Number : 1, id: encodeId(channel, position) })
  })

  t.test('delivers without a position where there is no rule', async t => {
    const { broker, recorder, publish } = await startKeeping(t, makeBroker)
    await broker.subscribe(channelTopic('plain'))
    await publish('plain', 'a')
    await publish('plain', 'b', { event: 'price' })
    t.same(
      (await recorder.messages.take(2)).map(({ position, event }) => [position, event]),
      [
        [undefined, undefined],
        [undefined, 'price'],
      ],
    )
  })
}
