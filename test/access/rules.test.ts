import t from 'tap'
import { forSubject, RulesError, readRules } from '../../src/access/rules.js'

for (const rules of [
  {},
  { subscribe: [] },
  { publish: ['*'], subscribe: ['news', 'chat:[a-c]?'], inspect: ['x'], admin: ['y'] },
  { subscribe: ['user:{sub}:*', '{sub}', 'a.{sub}', '{sub}:{sub}'] },
])
  t.test(`takes ${JSON.stringify(rules)}`, async t => {
    t.same(readRules(rules), rules)
  })

for (const rules of [
  null,
  [],
  'subscribe',
  { subscribe: 'news' },
  { subscribe: [1] },
  { subscribe: [''] },
  { subscribe: ['a b'] },
  { subscribe: ['a[', 'b'] },
  { hear: ['news'] },
  JSON.parse('{"__proto__":["news"]}'),
  { subscribe: ['user:{sub}*'] },
  { subscribe: ['*{sub}'] },
  { subscribe: ['[a]{sub}'] },
  { subscribe: ['{sub}?'] },
  { subscribe: ['{name}'] },
])
  t.test(`refuses ${JSON.stringify(rules)}`, async t => {
    t.throws(() => readRules(rules), RulesError)
  })

const filled = (pattern: string, subject: string | undefined) => forSubject({ subscribe: [pattern] }, subject).subscribe

t.test('{sub} is replaced by the subject', async t => {
  t.same(filled('user:{sub}:*', '7'), ['user:7:*'])
  t.same(filled('{sub}:{sub}', 'a.b-c'), ['a.b-c:a.b-c'])
  t.same(filled('news', '7'), ['news'])
})

t.test('a subject gets nothing by which it would reach into the channels of another one', async t => {
  for (const subject of ['a:b', ':', '*', 'a*', '?', '[a]', '{sub}', '$&', 'a b', '', 'ä', 'a\n', 'x'.repeat(200)])
    t.same(filled('user:{sub}:*', subject), [], JSON.stringify(subject))
  t.same(filled('user:{sub}:*', undefined), [])
  t.same(filled('user.{sub}.*', 'a.b'), [])
  t.same(filled('user.{sub}.*', 'a:b'), ['user.a:b.*'])
  t.same(filled('*:{sub}', 'a:b'), [])
})
