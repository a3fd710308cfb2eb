import fc from 'fast-check'
import t from 'tap'
import { type Pump, pumps, superLinear, type Target, textOf } from './slow.js'
import { slowTargets } from './slow-targets.js'

/** What the run says it cost: no clock, so that the answer is the same on any machine. */
const steps = (run: () => unknown): number => run() as number

const target = (run: (text: string) => number): Target => ({ fragments: ['a', 'b', ';'], length: 4000, run })
const pump: Pump = { head: '"', middle: 'a;', tail: 'b' }

t.test('finds a function that takes quadratic time, and says by how much', async t => {
  const quadratic = target(text => {
    let taken = 0
    for (let i = 0; i < text.length; i++) taken += text.length - i
    return taken
  })
  const finding = await superLinear(quadratic, pump, { cost: steps, floor: 1000 })
  t.equal(finding?.pump, pump)
  t.equal(finding?.factor.toFixed(1), '4.0')
})

t.test('finds one that is only slow on some input, among others', async t => {
  // Goes to the end of the text from each semicolon that has no b behind it.
  const sometimes = target(text => {
    let taken = text.length
    for (let at = text.indexOf(';'); at !== -1; at = text.indexOf(';', at + 1)) {
      const end = text.indexOf('b', at)
      taken += (end === -1 ? text.length : end) - at
    }
    return taken
  })
  const inputs = fc.sample(pumps(sometimes.fragments), { numRuns: 60, seed: 1 })
  const findings = await Promise.all(inputs.map(input => superLinear(sometimes, input, { cost: steps, floor: 1000 })))
  const found = findings.filter(finding => finding !== undefined)
  t.ok(found.length > 0 && found.length < inputs.length)
  t.ok(found.every(({ pump: { middle } }) => middle.includes(';') && !middle.includes('b')))
})

t.test('does not report linear time, nor what costs less than the floor', async t => {
  t.equal(
    await superLinear(
      target(text => 50 * text.length),
      pump,
      { cost: steps, floor: 1000 },
    ),
    undefined,
  )
  t.equal(
    await superLinear(
      target(text => text.length ** 2),
      pump,
      { cost: steps, floor: 1e9 },
    ),
    undefined,
  )
})

t.test('makes numbered pieces, no two of which are the same', async t => {
  t.equal(textOf({ head: '?', middle: 'a§=1&', tail: 'b' }, 20), '?a0000=1&a0001=1&a0002=1&b')
})

t.test('every parser takes linear time for repeated input', async t => {
  const targets = await slowTargets(end => t.teardown(end))
  for (const [name, { fragments, length, run }] of Object.entries(targets)) {
    const inputs = fc.sample(pumps(fragments), { numRuns: 3, seed: 20_260_101 })
    await t.resolves(Promise.all(inputs.map(async input => run(textOf(input, length / 8)))), name)
  }
})
