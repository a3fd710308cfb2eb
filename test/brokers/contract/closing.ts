import type { Test } from 'tap'
import { channelTopic } from '../../../src/messages/topic.js'
import { Recorder, startBroker } from '../../support/recorder.js'
import type { MakeBroker } from '../contract.js'

/** The end. `bounded` stands for "does not hang": the time itself is nobody's promise. */
export function closing(t: Test, makeBroker: MakeBroker): void {
  const bounded = { timeout: 20_000 }

  t.test('can serve while it is open', async t => {
    const { broker } = await startBroker(t, makeBroker())
    t.equal(broker.unavailable, undefined)
  })

  t.test('closes, with subscriptions that are live and some that are still asked for', bounded, async t => {
    const { broker } = await startBroker(t, makeBroker())
    await broker.subscribe(channelTopic('live'))
    broker.subscribe(channelTopic('asked'))
    await broker.close()
    t.pass('closed')
  })

  t.test('settles the publications that were handed over before it closed', bounded, async t => {
    const { broker } = await startBroker(t, makeBroker())
    await broker.subscribe(channelTopic('news'))
    const results = broker.publish([{ channel: 'news', data: Buffer.from('x'), event: 'last' }])
    await broker.close()
    t.same(await results, [{ receivers: 1 }])
  })

  t.test('closes when it was never started, and right after its start', bounded, async t => {
    await makeBroker().close()
    const broker = makeBroker()
    broker.start(new Recorder())
    await broker.close()
    t.pass('closed')
  })
}
