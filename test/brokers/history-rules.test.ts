import t from 'tap'
import { HistoryRules, parseHistoryRules } from '../../src/brokers/history-rules.js'
import { ConfigError } from '../../src/config/config.js'

t.test('without a rule no channel has a history', async t => {
  for (const text of ['', ' ', ',']) {
    const rules = parseHistoryRules(text)
    t.ok(rules.isEmpty)
    t.equal(rules.ruleOf('news'), undefined)
  }
})

t.test('a pattern alone keeps 1,000 messages of the last hour', async t => {
  t.same(parseHistoryRules('*').ruleOf('news'), { length: 1000, ageSeconds: 3600 })
  t.equal(parseHistoryRules('chat:*').ruleOf('news'), undefined)
})

t.test('a pattern can have a length and an age of its own', async t => {
  const rules = parseHistoryRules('orders:*=500/2h, chat:?=20,a=1/30s,b=1/10m,c=1/7d,d=007/001h')
  t.notOk(rules.isEmpty)
  const ruleOf = (channel: string) => {
    const rule = rules.ruleOf(channel)
    return rule && [rule.length, rule.ageSeconds]
  }
  t.same(['orders:1', 'chat:1', 'a', 'b', 'c', 'd', 'e'].map(ruleOf), [
    [500, 7200],
    [20, 3600],
    [1, 30],
    [1, 600],
    [1, 604_800],
    [7, 3600],
    undefined,
  ])
})

t.test('the first pattern that matches counts, and 0 keeps nothing', async t => {
  const rules = parseHistoryRules('chat:secret=0,chat:*=5,*=7')
  t.same(
    ['chat:secret', 'chat:open', 'news'].map(channel => rules.ruleOf(channel)?.length),
    [undefined, 5, 7],
  )
  t.ok(parseHistoryRules('*=0').isEmpty)
})

t.test('the channels of the gateways themselves have no history', async t => {
  t.equal(parseHistoryRules('*').ruleOf('carillon:gateways'), undefined)
})

t.test('remembers what it found, and stays right when it has forgotten', async t => {
  const rules = parseHistoryRules('a*')
  const expected = rules.ruleOf('a')
  for (let i = 0; i < 25_000; i++) rules.ruleOf(`channel-${i}`)
  t.same(rules.ruleOf('a'), expected)
  t.equal(rules.ruleOf('channel-1'), undefined)
  t.equal(new HistoryRules([]).ruleOf('__proto__'), undefined)
})

for (const [text, what] of [
  ['a b', 'pattern'],
  ['a=', 'pattern[=length[/age]]'],
  ['=5', 'pattern[=length[/age]]'],
  ['a=5/', 'pattern[=length[/age]]'],
  ['a=5/1', 'pattern[=length[/age]]'],
  ['a=5/1w', 'pattern[=length[/age]]'],
  ['a=-1', 'pattern[=length[/age]]'],
  ['a=1.5', 'pattern[=length[/age]]'],
  ['a=5=6', 'pattern[=length[/age]]'],
  ['a=100001', '100000'],
  ['a=5/0s', '1s to 30d'],
  ['a=5/31d', '1s to 30d'],
  ['a[', 'glob'],
  ['carillon:*x/y=1', 'glob'],
] as const)
  t.test(`refuses ${text} and says why`, async t => {
    try {
      parseHistoryRules(`fine,${text}`)
      t.fail('taken')
    } catch (error) {
      t.ok(error instanceof ConfigError)
      t.match((error as Error).message, `HISTORY: ${JSON.stringify(text)}`)
      t.match((error as Error).message, what)
    }
  })
