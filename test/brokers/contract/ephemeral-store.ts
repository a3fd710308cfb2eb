import type { Test } from 'tap'
import { startBroker } from '../../support/recorder.js'
import { until } from '../../support/until.js'
import type { MakeBroker } from '../contract.js'

/** What gateways keep for each other: see `src/brokers/ephemeral-store.ts`. */
export function ephemeralStore(t: Test, makeBroker: MakeBroker): void {
  t.test('keeps what it is given, wherever it lies, until somebody takes it', async t => {
    const { broker } = await startBroker(t, makeBroker())
    const { ephemeralStore } = broker
    if (!ephemeralStore) throw new Error('each of our brokers has an ephemeral store')
    const names = Array.from({ length: 20 }, (_, i) => `name-${i}`) // in a Cluster they lie at all masters
    await Promise.all(names.map(name => ephemeralStore.put(name, `value of ${name}`, 30)))
    for (const name of names) t.equal(await ephemeralStore.get(name), `value of ${name}`)
    for (const name of names) t.equal(await ephemeralStore.take(name), `value of ${name}`)
    for (const name of names) t.equal(await ephemeralStore.take(name), undefined)
    t.equal(await ephemeralStore.get('never'), undefined)
    await ephemeralStore.put('a', '1', 30)
    await ephemeralStore.put('a', '2', 30)
    t.equal(await ephemeralStore.take('a'), '2')
  })

  t.test('of all who take at once, one gets it', async t => {
    const { broker } = await startBroker(t, makeBroker())
    for (let round = 0; round < 20; round++) {
      await broker.ephemeralStore?.put(`ticket-${round}`, 'x', 30)
      const taken = await Promise.all(Array.from({ length: 20 }, () => broker.ephemeralStore?.take(`ticket-${round}`)))
      t.equal(taken.filter(value => value === 'x').length, 1)
    }
  })

  t.test('forgets after the configured time', async t => {
    const { broker } = await startBroker(t, makeBroker())
    await broker.ephemeralStore?.put('short', 'x', 0.2)
    await broker.ephemeralStore?.put('long', 'x', 30)
    await until(async () => (await broker.ephemeralStore?.get('short')) === undefined, 'it is forgotten')
    t.equal(await broker.ephemeralStore?.take('short'), undefined)
    t.equal(await broker.ephemeralStore?.take('long'), 'x')
  })
}
