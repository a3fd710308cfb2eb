import t from 'tap'
import { globMatcher } from '../../src/messages/glob.js'
import { coveredBy } from '../../src/messages/glob-cover.js'
import { isGlob } from '../../src/messages/names.js'
import { coversPlainly, matchesPlainly } from '../support/glob-reference.js'
import { randomFrom } from '../support/random.js'

const covers = (outer: string, inner: string) => coveredBy(inner)(outer)

/** All words of the letters, up to a length. */
function words(letters: string, length: number): string[] {
  if (length === 0) return ['']
  const shorter = words(letters, length - 1)
  const longest = shorter.filter(word => word.length === length - 1)
  return [...shorter, ...longest.flatMap(word => [...letters].map(letter => word + letter))]
}

t.test('says yes only where every name that the inner glob matches is matched by the outer one', async t => {
  const random = randomFrom(Number(process.env.SEED ?? 42))
  const pick = (of: string): string => of.charAt(random(of.length))
  const times = (most: number, make: () => string): string => Array.from({ length: 1 + random(most) }, make).join('')
  const item = () => {
    const kind = random(7)
    if (kind < 2) return '*'
    if (kind === 2) return '?'
    return kind === 3 ? `[${random(3) ? '' : '^'}${random(2) ? times(2, () => pick('ab:')) : 'a-b'}]` : pick('ab:')
  }
  const names = words('ab:c', 6)
  const pairs = 6000
  let yes = 0
  let missed = 0
  for (let round = 0; round < pairs; round++) {
    const outer = times(5, item)
    const inner = random(2) ? times(5, item) : outer.replace(/[*?]/, () => times(2, item))
    if (!isGlob(outer) || !isGlob(inner)) t.fail(`${outer} or ${inner} is not a glob that a client may use`)
    const matchesOuter = globMatcher(outer)
    const outside = names.filter(globMatcher(inner)).find(name => !matchesOuter(name))
    if (covers(outer, inner)) {
      yes++
      if (outside !== undefined) t.fail(`${outer} does not cover ${inner}: ${outside}`)
    } else if (outside === undefined) missed++
  }
  t.ok(yes > pairs / 10, `${yes} pairs in which one covers the other`)
  // What is missed is refused although it could be granted. These are globs that nobody writes as a grant.
  t.ok(missed < pairs / 10, `${missed} pairs for which it does not see it`)
})

for (const [outer, yes, no] of [
  ['*', ['*', 'a', '?', '[^a]*', 'chat:*'], []],
  [
    'chat:*',
    ['chat:*', 'chat:1', 'chat:?', 'chat:*:x', 'chat:[ab]*', 'chat:**'],
    ['chat*', '*', 'cha?:*', '*:1', 'chat'],
  ],
  ['chat:?', ['chat:?', 'chat:a', 'chat:[a-z]'], ['chat:*', 'chat:ab', 'chat:']],
  ['chat:[a-f]', ['chat:a', 'chat:[a-c]', 'chat:[fa]'], ['chat:[a-g]', 'chat:?', 'chat:[^a]']],
  ['chat:[^a]', ['chat:b', 'chat:[b-f]', 'chat:[^ab]', 'chat:[^a-z]'], ['chat:?', 'chat:[^b]', 'chat:[ab]']],
  ['user:7:*', ['user:7:*', 'user:7:mail'], ['user:*', 'user:?:*', 'user:77:*', 'user:[7]*', 'user:7*']],
  ['*:log', ['a:log', '*:log', '*:*:log', '?:log'], ['*', '*log', '*:logs']],
  ['a*b*c', ['abc', 'a*b*c', 'aXb*Yc', 'a*bb*c'], ['a*c', 'ab*']],
  ['a[A-Za-z0-9._:]', ['a[0-9:A-Z]'], ['a[.-z]', 'a[A-z]', 'a?']], // native publishers use names such as a/
  ['a[^0-A]', ['a[^.-z]'], ['a[^0-9:A]']],
  ['news', ['news', 'new[s]'], ['new?', 'news*', 'new[st]']],
] as const)
  t.test(`${outer} covers ${yes.join(', ')} and not ${no.join(', ') || 'nothing'}`, async t => {
    for (const inner of yes) t.ok(covers(outer, inner), inner)
    for (const inner of no) t.notOk(covers(outer, inner), inner)
  })

/** Every glob of so many items, from these. */
function globs(items: readonly string[], length: number): string[] {
  if (length === 0) return ['']
  return globs(items, length - 1).flatMap(glob => items.map(item => glob + item))
}

t.test('decides as part by part, for every pair of short globs with classes, ranges, negation, ? and *', async t => {
  const items = ['a', 'b', '?', '*', '[ab]', '[^a]', '[b-a]', '[a]', '[^ab]']
  const short = [1, 2].flatMap(length => globs(items, length))
  const all = [...short, ...globs(['a', '?', '*', '[ab]', '[^a]'], 3)].filter(isGlob)
  t.ok(all.length > 200)
  const differing: string[] = []
  for (const inner of all) {
    const isCoveredBy = coveredBy(inner)
    for (const outer of all)
      if (isCoveredBy(outer) !== coversPlainly(outer, inner)) differing.push(`${outer} covers ${inner}?`)
  }
  t.same(differing, [])
})

t.test('decides as part by part for long globs, in which a word of bits is not enough', async t => {
  const random = randomFrom(Number(process.env.SEED ?? 42))
  const pick = (of: readonly string[]): string => of[random(of.length)] ?? ''
  const items = ['*', '*', '?', '-', '.', '_', '[a-z]', '[^:_]', '[A-Z0-9]', '[._:]', '[z-a]', 'z', 'Z', '9']
  const stretch = () => pick(['a', 'b', 'ab']).repeat(1 + random(20))
  const globOf = (parts: number) =>
    Array.from({ length: parts }, () => (random(2) ? stretch() : pick(items)))
      .join('')
      .slice(0, 128)
  const differing: string[] = []
  let yes = 0
  for (let round = 0; round < 20_000; round++) {
    const outer = globOf(1 + random(8))
    // Most pairs have nothing to do with each other, unless one is made from the other.
    const inner = random(4) ? outer.replaceAll(/[*?]/g, () => (random(3) ? globOf(1 + random(2)) : '*')) : globOf(6)
    if (!isGlob(outer) || !isGlob(inner)) continue
    const expected = coversPlainly(outer, inner)
    if (expected) yes++
    if (covers(outer, inner) !== expected) differing.push(`${outer} covers ${inner}?`)
  }
  t.ok(yes > 1000, `${yes} pairs in which one covers the other`)
  t.same(differing, [])
})

t.test('a name is covered exactly by the globs that match it', async t => {
  const names = words('ab:', 4).filter(name => name !== '')
  const items = ['a', ':', '?', '*', '[ab]', '[^a]', '[:-a]', '[^:]']
  const all = [1, 2, 3].flatMap(length => globs(items, length)).filter(isGlob)
  const differing: string[] = []
  for (const name of names) {
    const isCoveredBy = coveredBy(name)
    for (const glob of all) {
      const expected = matchesPlainly(glob, name)
      if (isCoveredBy(glob) !== expected || globMatcher(glob)(name) !== expected) differing.push(`${glob} for ${name}`)
    }
  }
  t.same(differing, [])
})

/** Steps that the comparison took, as it says itself. */
function stepsOf(outer: string, inner: string): number {
  let steps = 0
  const isCovered = coveredBy(inner)(outer, {
    spend: more => {
      steps += more
    },
  })
  t.notOk(isCovered, `${outer} does not cover ${inner}`)
  return steps
}

for (const [outer, inner] of [
  ['*a'.repeat(63), `${'*a'.repeat(60)}*b`],
  [`public:${'?*'.repeat(55)}xab`, `public:${'?*'.repeat(55)}xac`],
  [`*${'a'.repeat(63)}b`, 'a'.repeat(128)],
  ['*[ab]'.repeat(21), `${'[a-b]'.repeat(25)}c`],
  ['*[^c][a-b]'.repeat(12), `${'ab'.repeat(63)}c`],
] as const)
  t.test(`takes a few steps for each character of ${outer}, however long the other is`, async t => {
    const steps = stepsOf(outer, inner)
    // Five words of bits hold what there is to know of 128 characters. Taken pair by pair, it would be 128 steps or more.
    t.ok(steps <= outer.length * 5 + 25 * 25, `${steps} steps`)
    t.ok(steps > outer.length / 2, 'they were counted')
  })
