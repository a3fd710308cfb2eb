import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { Meter, type RateLimitStore } from '../../src/limits/meter.js'

/** Ten messages in ten seconds, by a clock that is moved by hand. */
function setUp(rateLimitStore?: RateLimitStore) {
  const clock = { ms: 1000 }
  const meter = new Meter(
    { count: 10, seconds: 10 },
    { now: () => clock.ms, ...(rateLimitStore && { rateLimitStore }) },
  )
  return { clock, meter }
}

/** One that works at once, shared by gateways. */
function sharedStore(clock: { ms: number }) {
  const due = new Map<string, number>()
  const charges: number[] = []
  const rateLimitStore: RateLimitStore = {
    charge: async (caller, milliseconds) => {
      charges.push(milliseconds)
      const until = Math.max(due.get(caller) ?? 0, clock.ms) + milliseconds
      due.set(caller, until)
      return until - clock.ms
    },
  }
  return { rateLimitStore, charges }
}

t.test('a caller may spend its whole rate at once, and then as time passes', async t => {
  const { clock, meter } = setUp()
  for (let left = 9; left >= 0; left--) t.match(meter.spend('a', 1), { allowed: true, remaining: left, waitMs: 0 })
  t.same(meter.spend('a', 1), { allowed: false, remaining: 0, resetMs: 10_000, waitMs: 1000 })
  clock.ms += 999
  t.match(meter.spend('a', 1), { allowed: false, waitMs: 1 })
  clock.ms += 1
  t.match(meter.spend('a', 1), { allowed: true, remaining: 0, resetMs: 10_000 })
  clock.ms += 10_000
  t.match(meter.spend('a', 1), { allowed: true, remaining: 9 }, 'all of it is back')
})

t.test('callers do not pay for each other', async t => {
  const { meter } = setUp()
  for (let i = 0; i < 10; i++) meter.spend('a', 1)
  t.match(meter.spend('a', 1), { allowed: false })
  for (const name of ['b', '__proto__', 'constructor'])
    t.match(meter.spend(name, 1), { allowed: true, remaining: 9 }, name)
})

t.test('a refusal costs nothing', async t => {
  const { clock, meter } = setUp()
  meter.spend('a', 10)
  for (let i = 0; i < 100; i++) meter.spend('a', 1)
  clock.ms += 1000
  t.match(meter.spend('a', 1), { allowed: true })
})

t.test('many at once pass together or not at all', async t => {
  const { meter } = setUp()
  meter.spend('a', 4)
  t.match(meter.spend('a', 7), { allowed: false, remaining: 6, waitMs: 1000 })
  t.match(meter.spend('a', 6), { allowed: true, remaining: 0 })
})

t.test('more than the whole rate passes when nothing is owed, and is paid off', async t => {
  const { clock, meter } = setUp()
  t.match(meter.spend('a', 30), { allowed: true, remaining: 0, resetMs: 30_000 })
  clock.ms += 20_000
  t.match(meter.spend('a', 1), { allowed: false, waitMs: 1000 })
  t.match(meter.spend('a', 30), { allowed: false, waitMs: 10_000 }, 'it waits until nothing is owed')
  clock.ms += 10_000
  t.match(meter.spend('a', 30), { allowed: true })
})

t.test('gateways with a shared rate-limit store enforce the rate together', async t => {
  const clock = { ms: 1000 }
  const { rateLimitStore } = sharedStore(clock)
  const meters = [0, 1, 2].map(() => new Meter({ count: 10, seconds: 10 }, { now: () => clock.ms, rateLimitStore }))
  let passed = 0
  for (let i = 0; i < 60; i++) {
    if (meters[i % 3]?.spend('a', 1).allowed) passed++
    await setImmediate()
  }
  t.ok(passed >= 10 && passed <= 12, `${passed} of 10 passed: each other gateway knows by its own last charge`)
  clock.ms += 100_000
  const before = passed
  for (let second = 0; second < 100; second++) {
    clock.ms += 1000
    for (const meter of meters) if (meter.spend('a', 1).allowed) passed++
    await setImmediate()
  }
  t.ok(passed - before <= 112, `${passed - before} in 100 s at 1/s: over time the rate is exact`)
})

t.test('each caller has at most one charge in flight', async t => {
  const charges: { milliseconds: number; answer: (owed: number) => void }[] = []
  const rateLimitStore: RateLimitStore = {
    charge: (_, milliseconds) => new Promise(answer => charges.push({ milliseconds, answer })),
  }
  const { meter } = setUp(rateLimitStore)
  for (let i = 0; i < 5; i++) meter.spend('a', 1)
  t.same(
    charges.map(({ milliseconds }) => milliseconds),
    [1000],
  )
  charges[0]?.answer(1000)
  await setImmediate()
  t.same(
    charges.map(({ milliseconds }) => milliseconds),
    [1000, 4000],
  )
  t.match(meter.spend('a', 1), { remaining: 4 }, 'what was spent meanwhile is not forgotten')
  charges[1]?.answer(9000)
  await setImmediate()
  t.match(meter.spend('a', 1), { allowed: false }, 'another gateway has spent four')
})

t.test('a gateway whose rate-limit store fails enforces the rate alone', async t => {
  const { meter } = setUp({ charge: () => Promise.reject(new Error('away')) })
  for (let i = 0; i < 10; i++) {
    t.match(meter.spend('a', 1), { allowed: true })
    await setImmediate()
  }
  t.match(meter.spend('a', 1), { allowed: false })
})

t.test('callers that owe nothing any more are forgotten', async t => {
  const { clock, meter } = setUp()
  for (let i = 0; i < 50_000; i++) {
    clock.ms += 10
    meter.spend(`caller ${i}`, 1)
  }
  t.ok(meter.size <= 2000, `${meter.size} are known`)
})
