import t from 'tap'
import { globMatcher, globSteps } from '../src/glob.js'
import { globCovers } from '../src/glob-cover.js'
import { isGlob } from '../src/names.js'
import { randomFrom } from './support/random.js'

const covers = (outer: string, inner: string) => globCovers(globSteps(outer), globSteps(inner))

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
  ['news', ['news', 'new[s]'], ['new?', 'news*', 'new[st]']],
] as const)
  t.test(`${outer} covers ${yes.join(', ')} and not ${no.join(', ') || 'nothing'}`, async t => {
    for (const inner of yes) t.ok(covers(outer, inner), inner)
    for (const inner of no) t.notOk(covers(outer, inner), inner)
  })

t.test('takes bounded time for globs that were made to take long', async t => {
  const outer = '*a'.repeat(63)
  let steps = 0
  const counted = globSteps(`${'*a'.repeat(60)}*b`).map(step => {
    if (step === '*') return step
    return (character: number) => {
      steps++
      return step(character)
    }
  })
  t.notOk(globCovers(globSteps(outer), counted))
  t.ok(steps < 128 * 128 * 65, `${steps} comparisons of characters`)
})
