import t from 'tap'
import type { History, Publication, Session } from './history.js'
import { judge } from './oracle.js'
import type { Rules } from './verdict.js'

/** Messages m1, m2 … on `f.0`, published one every 10 ms from 1010 on, each executed 1 ms after it was sent. */
function run({
  count = 5,
  ...overrides
}: { count?: number; session?: Partial<Session>; publication?: Partial<Publication>[] } & Partial<History>): History {
  const { session = {}, publication = [], ...rest } = overrides
  const publications = Array.from({ length: count }, (_, i): Publication => {
    const sentAt = 1010 + i * 10
    const base = { id: `m${i + 1}`, channel: 'f.0', via: 'g1', sentAt, answeredAt: sentAt + 2, outcome: 200 }
    return { ...base, ...publication[i] }
  })
  const observations = publications.map(({ id, channel, sentAt }) => ({ id, channel, node: 'redis', at: sentAt + 1 }))
  const sessions = [sessionOf(ids(count), session)]
  return { publications, observations, blind: [], sessions, stalls: [], ...rest }
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `m${i + 1}`)

function sessionOf(delivered: readonly string[], overrides: Partial<Session> = {}): Session {
  return {
    client: 'c1',
    gateway: 'g1',
    topics: [{ kind: 'channel', name: 'f.0', liveAt: 1000 }],
    deliveries: delivered.map((id, i) => ({ id, channel: 'f.0', at: 2000 + i })),
    gaps: [],
    openedAt: 1000,
    endedAt: undefined,
    ending: undefined,
    ...overrides,
  }
}

const gap = (from: number, to: number) =>
  ({ kind: 'channel', name: 'f.0', from, to, reason: 'redis_connection_lost', at: to }) as const
const kinds = (history: History, rules: Partial<Rules> = {}) => judge(history, rules).violations.map(({ kind }) => kind)

t.test('a run in which everything arrives is clean', async t => {
  const { violations, figures } = judge(run({}))
  t.same(violations, [])
  t.match(figures, { publishes: 5, executed: 5, deliveries: 5, outcomes: { 200: 5 }, maxAnswerMs: 2 })
})

t.test('a loss is a violation, and tells how far the nearest gap is', async t => {
  const history = run({ sessions: [sessionOf(['m1', 'm2', 'm4', 'm5'], { gaps: [gap(1100, 1200)] })] })
  const [violation] = judge(history).violations
  t.equal(violation?.kind, 'lost outside a gap')
  t.match(violation?.detail, /m3 .* the nearest gap \[1100, 1200\] is 69 ms away/)
})

t.test('a loss inside an announced gap is excused, and counted', async t => {
  const { violations, figures } = judge(
    run({ sessions: [sessionOf(['m1', 'm2', 'm4', 'm5'], { gaps: [gap(1028, 1035)] })] }),
  )
  t.same(violations, [])
  t.equal(figures.lostInGaps, 1)
})

t.test('a gap that begins after the last message begins when Redis executed that, however late it came', async t => {
  const lossOf = (delivered: string[], after: string) =>
    kinds(run({ sessions: [sessionOf(delivered, { gaps: [{ ...gap(1080, 1100), after }] })] }))
  t.same(lossOf(['m1', 'm2', 'm5'], 'm2'), [], 'm2 was heard at 1080, when m3 and m4 were lost already')
  t.same(lossOf(['m2', 'm3', 'm5'], 'm3'), ['lost outside a gap'], 'm1 was lost before it')
})

t.test('a gap of another topic excuses nothing', async t => {
  const gaps = [{ ...gap(1000, 1100), name: 'f.1' }]
  const topics = ['f.0', 'f.1'].map(name => ({ kind: 'channel', name, liveAt: 1000 }) as const)
  t.same(kinds(run({ sessions: [sessionOf(['m1', 'm2', 'm4', 'm5'], { topics, gaps })] })), ['lost outside a gap'])
})

t.test('a gap of a pattern excuses the channels that it covers', async t => {
  const gaps = [{ ...gap(1028, 1035), kind: 'pattern' as const, name: 'f.?' }]
  const topics = [{ kind: 'pattern' as const, name: 'f.?', liveAt: 1000 }]
  t.same(kinds(run({ sessions: [sessionOf(['m1', 'm2', 'm4', 'm5'], { topics, gaps })] })), [])
})

t.test('messages from before the subscription need not arrive', async t => {
  const topics = [{ kind: 'channel' as const, name: 'f.0', liveAt: 1015 }]
  t.same(kinds(run({ sessions: [sessionOf(['m2', 'm3', 'm4', 'm5'], { topics })] })), [])
})

t.test('a stream that ended may miss its tail, but only shortly before its end', async t => {
  const ended = (endedAt: number, ending: 'clean' | 'cut') =>
    run({ sessions: [sessionOf(['m1', 'm2', 'm3'], { endedAt, ending })] })
  t.same(kinds(ended(1060, 'clean'), { endToleranceMs: 30 }), [])
  t.same(kinds(ended(1200, 'clean'), { endToleranceMs: 30 }), ['lost outside a gap', 'lost outside a gap'])
  t.same(kinds(ended(1200, 'cut'), { endToleranceMs: 30 }), [], 'nobody could tell it')
})

t.test('an end does not excuse a hole before it', async t => {
  const history = run({ sessions: [sessionOf(['m1', 'm2', 'm4'], { endedAt: 1055, ending: 'cut' })] })
  t.match(judge(history).violations, [{ kind: 'lost outside a gap', detail: /m3/ }])
})

t.test('a message that comes twice is a duplicate and not out of order', async t => {
  const history = run({ sessions: [sessionOf(['m1', 'm2', 'm2', 'm3', 'm4', 'm5'])] })
  t.same(kinds(history), ['delivered twice'])
  t.equal(judge(history).figures.duplicates, 1)
})

t.test('a delivery against the order of Redis is found', async t => {
  t.match(judge(run({ sessions: [sessionOf(['m1', 'm3', 'm2', 'm4', 'm5'])] })).violations, [
    { kind: 'out of order', detail: /m2/ },
  ])
})

t.test('with several orders a stream follows one of them, and may change it at a gap', async t => {
  const observations = ['m1', 'm2', 'm3', 'm4', 'm5'].map((id, i) => ({ id, channel: 'f.0', node: 'a', at: 1011 + i }))
  observations.push(...['m2', 'm1', 'm3', 'm5', 'm4'].map((id, i) => ({ id, channel: 'f.0', node: 'b', at: 1011 + i })))
  const of = (...delivered: string[]) => run({ observations, sessions: [sessionOf(delivered)] })
  t.same(kinds(of('m2', 'm1', 'm3', 'm5', 'm4'), { order: 'any' }), [])
  t.same(kinds(of('m2', 'm1', 'm3', 'm5', 'm4'), { order: 'one' }), ['out of order'])
  t.same(kinds(of('m2', 'm1', 'm3', 'm4', 'm5'), { order: 'any' }), ['out of order'])
  const changed = sessionOf(['m2', 'm1', 'm3', 'm4', 'm5'], { gaps: [{ ...gap(1900, 2000), at: 2002 }] })
  t.same(kinds(run({ observations, sessions: [changed] }), { order: 'any' }), [])
})

t.test('messages that were never sent, or sent to another channel, must not be delivered', async t => {
  t.same(kinds(run({ sessions: [sessionOf([...ids(5), 'x1'])] })), ['never published'])
  const session = sessionOf(ids(5))
  session.deliveries.push({ id: 'm1', channel: 'f.1', at: 3000 })
  t.same(kinds(run({ sessions: [session] })), ['never published'])
})

t.test('a message carries the event type that it was sent with, and no other', async t => {
  const events = (...types: (string | undefined)[]) =>
    sessionOf([], { deliveries: types.map((event, i) => ({ id: `m${i + 1}`, channel: 'f.0', event, at: 2000 + i })) })
  const publication = [{ event: 'price' }, {}, {}]
  t.same(kinds(run({ count: 3, publication, sessions: [events('price', '', undefined)] })), [])
  t.same(kinds(run({ count: 3, publication, sessions: [events('', 'price', '')] })), [
    'wrong event type',
    'wrong event type',
  ])
})

t.test('each gap is reported once, for a topic of the stream, with a valid time window', async t => {
  const withGaps = (...gaps: Session['gaps']) => run({ sessions: [sessionOf(ids(5), { gaps })] })
  t.same(kinds(withGaps(gap(1020, 1030), gap(1030, 1040))), [])
  t.same(kinds(withGaps(gap(1020, 1030), gap(1025, 1040))), [])
  t.same(kinds(withGaps(gap(1020, 1040), gap(1020, 1040))), ['gap told twice'])
  t.same(kinds(withGaps(gap(1020, 1040), gap(1025, 1035))), ['gap told twice'])
  t.same(kinds(withGaps(gap(1040, 1020))), ['gap that ends before it begins'])
  t.same(kinds(withGaps({ ...gap(1020, 1040), name: 'f.7' })), ['gap of a strange topic'])
})

t.test('a publish is executed once, and never after its publisher was told that it is not', async t => {
  const history = run({ publication: [{ outcome: 503 }, { outcome: 504 }, { outcome: 'refused' }, { outcome: 'cut' }] })
  t.same(kinds(history), ['executed although refused', 'executed although refused'])
  const [first] = history.observations
  if (!first) return t.fail('there is an observation')
  t.same(kinds({ ...run({}), observations: [...history.observations, first] }), ['executed twice'])
})

t.test('a publish that was answered 200 was executed', async t => {
  const history = run({})
  const observations = history.observations.filter(({ id }) => id !== 'm3')
  const sessions = [sessionOf(['m1', 'm2', 'm4', 'm5'])]
  t.same(kinds({ ...history, observations, sessions }), ['answered 200 and not executed'])
})

t.test('while the observer is cut, what was answered 200 is the truth', async t => {
  const blind = [{ node: 'redis', from: 1029, to: 1035 }]
  const observations = run({}).observations.filter(({ id }) => id !== 'm3')
  t.same(kinds(run({ observations, blind })), [], 'delivered although nobody saw it')
  const sessions = [sessionOf(['m1', 'm2', 'm4', 'm5'])]
  t.same(kinds(run({ observations, blind, sessions })), ['lost outside a gap'])
})

t.test('publishers get their answer in time, unless their gateway was frozen', async t => {
  const publication = [{ answeredAt: 5000 }, { outcome: 'pending' as const, answeredAt: undefined }]
  t.same(kinds(run({ publication })), ['slow answer', 'unanswered'])
  t.same(kinds(run({ publication, stalls: [{ gateway: 'g1', from: 1015, to: 4900 }] })), [])
  t.equal(judge(run({ publication })).figures.maxAnswerMs, 3990)
})

/** Message m2 was executed at one node of two, and the client did not get it. */
const missedOnBus = (): History => {
  const { observations, ...rest } = run({ count: 3, sessions: [sessionOf(['m1', 'm3'])] })
  const elsewhere = observations.map(seen => ({ ...seen, node: 'other' })).filter(({ id }) => id !== 'm2')
  return { ...rest, observations: [...observations, ...elsewhere] }
}

t.test('what one node of a Cluster executed and another never had is counted apart', async t => {
  const { violations, figures } = judge(missedOnBus(), { order: 'any' })
  t.same(violations, [])
  t.match(figures, { lostOnBus: 1, lostOutsideGaps: 0 })
})

t.test('what both nodes had and the client did not is lost', async t => {
  const { observations, ...rest } = missedOnBus()
  const all = [...observations, { id: 'm2', channel: 'f.0', node: 'other', at: 1022 }]
  t.same(kinds({ ...rest, observations: all }, { order: 'any' }), ['lost outside a gap'])
})

t.test('what a node alone sees when it executes it was executed twice when two see it', async t => {
  const { observations, ...rest } = run({ count: 1 })
  const alone = ['one', 'other'].flatMap(node => observations.map(seen => ({ ...seen, node, isAlone: true })))
  t.same(kinds({ ...rest, observations: alone }), ['executed twice'])
})

t.test('a topic that was refused owes nothing until it is live again', async t => {
  const topics = [
    { kind: 'channel' as const, name: 'f.0', liveAt: 1000, endedAt: 1065 },
    { kind: 'channel' as const, name: 'f.0', liveAt: 1085 },
  ]
  const run9 = (delivered: string[]) => run({ count: 9, sessions: [sessionOf(delivered, { topics })] })
  const tail = { endToleranceMs: 30 }
  t.same(kinds(run9(['m1', 'm2', 'm3', 'm9']), tail), [])
  t.same(kinds(run9(['m1', 'm2', 'm9']), tail), ['lost outside a gap'])
  t.same(kinds(run9(['m1', 'm2', 'm3']), tail), ['lost outside a gap'])
})

/** A client on two streams, the second of which goes on where the first ended, and what Redis kept. */
function resumed(
  first: readonly string[],
  second: readonly string[],
  { isResumed = true, kept = ids(8) } = {},
): History {
  const topic = { kind: 'channel', name: 'f.0' } as const
  const before = { topics: [{ ...topic, liveAt: 1000 }], endedAt: 1045, ending: 'cut' } as const
  const after = { topics: [{ ...topic, liveAt: 1075, isResumed }], openedAt: 1075 }
  return run({
    count: 8,
    kept: new Map([['f.0', kept]]),
    sessions: [sessionOf(first, { ...before, topics: [...before.topics] }), sessionOf(second, after)],
  })
}

t.test('with a history, a client that resumes gets everything, once and in the order of the history', async t => {
  const all = ids(8)
  t.same(kinds(resumed(all.slice(0, 3), all.slice(3))), [])
  t.same(kinds(resumed(all.slice(0, 3), all.slice(4))), ['lost outside a gap'], 'a hole at the resume')
  t.same(kinds(resumed(all.slice(0, 3), all.slice(2))), ['delivered twice'], 'what it had already')
  t.same(kinds(resumed(all.slice(0, 3), ['m5', 'm4', 'm6', 'm7', 'm8'])), ['out of order'])
})

t.test('with a history, a client that does not resume starts from now, and a gap excuses lost history', async t => {
  const all = ids(8)
  t.same(kinds(resumed(all.slice(0, 3), ['m8'], { isResumed: false })), [])
  const history = resumed(all.slice(0, 3), all.slice(4))
  const [first, second] = history.sessions as [Session, Session]
  const gaps = [{ ...gap(1035, 1080), reason: 'history_reset' }]
  t.same(kinds({ ...history, sessions: [first, { ...second, gaps }] }), [])
})

t.test('what was answered 200 is kept once', async t => {
  const all = ids(8)
  const whole = [all.slice(0, 3), all.slice(3)] as const
  t.same(kinds(resumed(...whole, { kept: all.slice(0, 7) })), ['not kept'])
  t.same(kinds(resumed(...whole, { kept: all.slice(0, 7) }), { isKept: false }), [])
  t.same(kinds(resumed(...whole, { kept: [...all, 'm8'] })), ['kept twice'])
})

t.test('a publication that was tried again has one id, and its slowest answer counts', async t => {
  const publication = [{ positions: new Set(['a', 'b']), slowestMs: 12 }]
  const { violations, figures } = judge(run({ publication }))
  t.match(violations, [{ kind: 'several ids' }])
  t.equal(figures.maxAnswerMs, 12)
})
