import type { Test } from 'tap'
import type { Publication } from '../../../src/messages/message.js'
import { channelTopic } from '../../../src/messages/topic.js'
import { freshChannel, startKeeping } from '../../support/kept.js'
import { settle } from '../../support/recorder.js'
import type { MakeBroker } from '../contract.js'

let keys = 0
const freshKey = (): string => `key-${process.pid}-${++keys}`
const keyed = (key: string, fingerprint = 'f') => ({ idempotency: { key, fingerprint } })
const unkeptChannel = (): string => `un${freshChannel()}`

/** A publication with a key is executed once. */
export function idempotency(t: Test, makeBroker: MakeBroker): void {
  for (const [where, channelOf] of [
    ['with a history', freshChannel],
    ['without one', unkeptChannel],
  ] as const) {
    t.test(`on a channel ${where}, a retry gets the first answer again and publishes nothing`, async t => {
      const { broker, recorder, publish, read } = await startKeeping(t, makeBroker)
      const [channel, key] = [channelOf(), freshKey()]
      await broker.subscribe(channelTopic(channel))
      const first = await publish(channel, 'a', { event: 'price', ...keyed(key) })
      const retry = await publish(channel, 'a', { event: 'price', ...keyed(key) })
      t.match(first, { receivers: Number })
      t.equal('id' in first, channelOf === freshChannel)
      t.same(retry, { ...first, replayed: true })
      t.same(
        (await settle(broker, recorder)).map(({ data, event }) => `${event} ${data}`),
        ['price a'],
      )
      t.equal((await read(channel)).entries.length, channelOf === freshChannel ? 1 : 0)
    })

    t.test(`on a channel ${where}, the key of another message is refused, and nothing is published`, async t => {
      const { broker, recorder, publish } = await startKeeping(t, makeBroker)
      const [channel, key] = [channelOf(), freshKey()]
      await broker.subscribe(channelTopic(channel))
      await publish(channel, 'a', keyed(key))
      t.same(await publish(channel, 'b', keyed(key, 'other')), { problem: 'idempotency-key-reused' })
      t.match(await publish(channel, 'a', keyed(key)), { replayed: true }, 'the first is still known')
      t.match(await publish(channel, 'c', keyed(freshKey())), { receivers: Number, replayed: undefined })
      t.same(
        (await settle(broker, recorder)).map(({ data }) => `${data}`),
        ['a', 'c'],
      )
    })

    t.test(`on a channel ${where}, of many retries at once one is executed`, async t => {
      const { broker, recorder } = await startKeeping(t, makeBroker)
      const { broker: other } = await startKeeping(t, makeBroker)
      const [channel, key] = [channelOf(), freshKey()]
      const publication: Publication = { channel, data: Buffer.from('a'), ...keyed(key) }
      await broker.subscribe(channelTopic(channel))
      const brokers = other.constructor.name === 'MemoryBroker' ? [broker, broker] : [broker, other]
      const tries = Array.from({ length: 40 }, (_, i) => brokers[i % 2]?.publish([publication]))
      const results = (await Promise.all(tries)).flatMap(results => results ?? [])
      t.equal(results.filter(result => 'receivers' in result && !result.replayed).length, 1)
      t.equal(results.filter(result => 'receivers' in result && result.replayed).length, 39)
      t.equal(new Set(results.map(result => ('id' in result ? result.id : ''))).size, 1)
      t.equal((await settle(broker, recorder)).length, 1)
    })
  }

  t.test('a key is one for each channel', async t => {
    const { publish } = await startKeeping(t, makeBroker)
    const key = freshKey()
    for (const channel of [freshChannel(), freshChannel(), unkeptChannel()])
      t.match(await publish(channel, 'a', keyed(key)), { receivers: 0, replayed: undefined })
  })

  t.test('a key within one batch counts from its first message on', async t => {
    const { broker } = await startKeeping(t, makeBroker)
    const [channel, key] = [freshChannel(), freshKey()]
    const data = Buffer.from('a')
    const results = await broker.publish([
      { channel, data, ...keyed(key) },
      { channel, data },
      { channel, data, ...keyed(key) },
      { channel, data, ...keyed(key, 'other') },
    ])
    t.match(results, [{ id: String, replayed: undefined }, { id: String }, { replayed: true }, {}])
    t.same(results[3], { problem: 'idempotency-key-reused' })
    t.equal((results[2] as { id: string }).id, (results[0] as { id: string }).id)
    t.not((results[1] as { id: string }).id, (results[0] as { id: string }).id)
  })

  t.test('a key is forgotten after its time', async t => {
    const { publish, read } = await startKeeping(t, makeBroker, { idempotencySeconds: 0.2 })
    const [channel, key] = [freshChannel(), freshKey()]
    await publish(channel, 'a', keyed(key))
    const deadline = Date.now() + 10_000
    let again = await publish(channel, 'a', keyed(key))
    while ('replayed' in again && Date.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 20))
      again = await publish(channel, 'a', keyed(key))
    }
    t.notOk('replayed' in again)
    t.equal((await read(channel)).entries.length, 2)
  })
}
