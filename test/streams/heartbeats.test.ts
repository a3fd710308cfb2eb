import t, { type Test } from 'tap'
import { Heartbeats } from '../../src/streams/heartbeats.js'

/** Heartbeats whose clock stands still until `tick` is called. */
function setUp(t: Test, seconds: number) {
  const timers: { tick: () => void; every: number; cleared: boolean }[] = []
  const real = { setInterval: globalThis.setInterval, clearInterval: globalThis.clearInterval }
  const fake = {
    setInterval: (tick: () => void, every: number) => {
      const timer = { tick, every, cleared: false, unref: () => timer }
      timers.push(timer)
      return timer
    },
    clearInterval: (timer: { cleared: boolean }) => {
      timer.cleared = true
    },
  }
  Object.assign(globalThis, fake)
  t.teardown(() => Object.assign(globalThis, real))
  const beats: string[] = []
  const heartbeats = new Heartbeats<string>(seconds, client => {
    beats.push(client)
    if (client.startsWith('leaves')) heartbeats.remove(client)
  })
  const [timer] = timers
  if (!timer) throw new Error('it has no timer')
  const turn = () => {
    for (let i = 0; i < Math.round((seconds * 1000) / timer.every); i++) timer.tick()
    return beats.splice(0)
  }
  const tick = () => {
    timer.tick()
    return beats.splice(0)
  }
  return { heartbeats, timer, turn, tick }
}

for (const seconds of [0.1, 1, 15])
  t.test(`sends one heartbeat per client every ${seconds} s, for any number of clients`, async t => {
    const { heartbeats, turn } = setUp(t, seconds)
    const clients = Array.from({ length: 150 }, (_, i) => `client ${i}`)
    for (const client of clients) heartbeats.add(client)
    for (let round = 0; round < 3; round++) t.same(turn().sort(), [...clients].sort())
  })

t.test('spreads clients that come at once over half of the time between two beats', async t => {
  const { heartbeats, tick } = setUp(t, 15)
  for (let i = 0; i < 600; i++) heartbeats.add(`client ${i}`)
  for (let i = 0; i < 30; i++) t.equal(tick().length, 0, 'nothing in the first half')
  for (let i = 0; i < 30; i++) t.equal(tick().length, 20)
})

t.test('spreads clients that come one after the other over the whole time', async t => {
  const { heartbeats, tick } = setUp(t, 15)
  for (let i = 0; i < 60; i++) {
    for (let k = 0; k < 10; k++) heartbeats.add(`client ${i} ${k}`)
    tick()
  }
  for (let i = 0; i < 60; i++) t.ok(tick().length <= 20)
})

t.test('beats for a newcomer after half of the time at the earliest, and a whole at the latest', async t => {
  for (let past = 0; past < 8; past++) {
    const { heartbeats, tick } = setUp(t, 1)
    for (let i = 0; i < past; i++) tick()
    heartbeats.add('a')
    heartbeats.add('b')
    t.same([tick(), tick()], [[], []], 'nothing in the first half')
    t.same([...tick(), ...tick()].sort(), ['a', 'b'])
  }
})

t.test('beats no more for a client that has left, also when it leaves at its beat', async t => {
  const { heartbeats, turn } = setUp(t, 1)
  for (const client of ['a', 'leaves', 'b', 'c', 'd']) heartbeats.add(client)
  heartbeats.remove('a')
  heartbeats.remove('unknown')
  t.same(turn().sort(), ['b', 'c', 'd', 'leaves'])
  t.same(turn().sort(), ['b', 'c', 'd'])
})

t.test('stops its timer when it is closed', async t => {
  const { heartbeats, timer } = setUp(t, 1)
  t.notOk(timer.cleared)
  heartbeats.close()
  t.ok(timer.cleared)
})
