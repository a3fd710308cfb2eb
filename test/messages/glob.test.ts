import t from 'tap'
import { globMatcher } from '../../src/messages/glob.js'
import { isGlob } from '../../src/messages/names.js'
import { randomFrom } from '../support/random.js'
import { startRedis } from '../support/redis.js'
import { connectNative } from '../support/redis-broker.js'

t.test('matches exactly what Redis matches, for thousands of random globs and names', async t => {
  const redis = connectNative(t, await startRedis(t))
  const random = randomFrom(Number(process.env.SEED ?? 42))
  const pick = (of: string): string => of.charAt(random(of.length))
  const times = (most: number, make: () => string): string => Array.from({ length: 1 + random(most) }, make).join('')
  const name = () => pick('abAB01') + times(5, () => pick('abcAB01._:-'))
  const classItem = () => (random(3) ? pick('abcAB01._:') : `${pick('abcAB01._:')}-${pick('abcAB01._:')}`)
  const globItem = () => {
    const kind = random(8)
    if (kind < 2) return '*'
    if (kind === 2) return '?'
    return kind === 3 ? `[${random(2) ? '^' : ''}${times(3, classItem)}]` : pick('abcAB01._:-')
  }

  const names = [...new Set(Array.from({ length: 500 }, name))].sort()
  await redis.mset(names.flatMap(name => [name, '']))
  let matches = 0
  for (let round = 0; round < 3000; round++) {
    const glob = times(6, globItem)
    if (!isGlob(glob)) t.fail(`${glob} is not a glob that a client may use`)
    const covers = globMatcher(glob)
    const expected = (await redis.keys(glob)).sort()
    matches += expected.length
    if (names.filter(covers).join() !== expected.join()) t.same(names.filter(covers), expected, glob)
  }
  t.ok(matches > 10_000, 'the names and globs were made to meet')
})

for (const [glob, yes, no] of [
  ['*', ['a', 'a:b'], []],
  ['a*', ['a', 'ab'], ['ba', 'A']],
  ['**a**', ['a', 'bab'], ['b']],
  ['a?c', ['abc', 'a:c'], ['ac', 'abbc']],
  ['[a-c]1', ['a1', 'c1'], ['d1', '1']],
  ['[c-a]1', ['b1'], ['d1']],
  ['[^a-c]', ['d', ':'], ['a', 'b']],
  ['[.]', ['.'], ['a']],
  ['a.c', ['a.c'], ['abc']],
  ['*:[0-9]*:x', ['a:1:x', ':12:y:3:x'], ['a:x', 'a:1:xy']],
] as const)
  t.test(`${glob} matches ${yes.join(', ')} and not ${no.join(', ') || 'nothing'}`, async t => {
    for (const name of yes) t.ok(globMatcher(glob)(name), name)
    for (const name of no) t.notOk(globMatcher(glob)(name), name)
  })

for (const pattern of [`${'*a'.repeat(63)}*b`, `*${'a'.repeat(63)}b`, `${'*'.repeat(63)}b`, `${'*[a-c]?'.repeat(18)}b`])
  t.test(`takes no more steps for ${pattern} than it and the name have characters, multiplied`, async t => {
    t.ok(isGlob(pattern))
    const name = 'a'.repeat(128)
    const { steps, matched } = countSteps(name, globMatcher(pattern))
    t.notOk(matched)
    t.ok(steps <= name.length * pattern.length, `${steps} steps`) // retrying every star would need more than 10^30
    t.ok(steps >= name.length, 'the steps were counted')
  })

/** Every step of the matcher looks at one character of the name. */
function countSteps(name: string, covers: (name: string) => boolean) {
  let steps = 0
  const counting = {
    length: name.length,
    charCodeAt: (at: number) => {
      steps++
      return name.charCodeAt(at)
    },
  }
  // The matcher reads no more of a name than its length and its characters.
  const matched = covers(counting as unknown as string)
  return { steps, matched }
}
