import t, { type Test } from 'tap'
import type { Publication } from '../../src/messages/message.js'
import type { ProblemType } from '../../src/protocol/problem-types.js'
import { Problem } from '../../src/protocol/problems.js'
import type { PublishResult } from '../../src/protocol/publish-result.js'
import { type Publisher, Publishing, type ReadDraft } from '../../src/publishing/publishing.js'
import { Counters } from '../../src/telemetry/counters.js'

type Step = 'charge' | 'read' | 'authorize' | 'publish'

/** A publishing service that notes its steps. A step that is named in `refuse` throws that Problem. */
function setUp({
  refuse = {},
  results = publications => publications.map(() => ({ receivers: 1 })),
}: {
  refuse?: Partial<Record<Step, Problem>>
  results?: (publications: readonly Publication[]) => (PublishResult | undefined)[]
} = {}) {
  const steps: string[] = []
  const step = (name: Step, detail = '') => {
    steps.push(`${name}${detail}`)
    const problem = refuse[name]
    if (problem) throw problem
  }
  const counters = new Counters()
  const broker = {
    async publish(publications: readonly Publication[]) {
      step('publish', ` ${publications.map(({ data }) => data).join()}`)
      return results(publications) as PublishResult[]
    },
  }
  const limits = {
    spend(owner: () => string, messages: number) {
      step('charge', ` ${owner()} ${messages}`)
      return undefined
    },
  }
  const publishing = new Publishing({ broker, limits, counters, maxBytes: 10 })
  const publisher: Publisher = {
    transport: 'batch',
    caller: { id: 'me' },
    owner: () => 'owner',
    authorize: channel => step('authorize', ` ${channel}`),
  }
  const read =
    (text: string, channel = 'news'): ReadDraft =>
    () => {
      step('read', ` ${text}`)
      return { publication: { channel, data: Buffer.from(text) } }
    }
  const counted = () =>
    Object.fromEntries([...(counters.published.get('batch') ?? [])].filter(([, count]) => count > 0))
  return { publishing, publisher, read, steps, counted }
}

const typesOf = (outcomes: readonly unknown[]) =>
  outcomes.map(outcome => (outcome instanceof Problem ? outcome.type : outcome))

async function rejectsWith(t: Test, publish: Promise<unknown>, type: ProblemType) {
  const error = await publish.then(
    () => undefined,
    reason => reason,
  )
  t.match(error, { name: 'Problem', type })
}

t.test('takes the steps in their order', async t => {
  const { publishing, publisher, read, steps, counted } = setUp()
  t.same(await publishing.publish(publisher, read('a')), { receivers: 1 })
  t.same(steps, ['charge owner 1', 'read a', 'authorize news', 'publish a'])
  t.same(counted(), { ok: 1 })
})

for (const [refused, steps] of [
  ['charge', ['charge owner 1']],
  ['read', ['charge owner 1', 'read a']],
  ['authorize', ['charge owner 1', 'read a', 'authorize news']],
] as const)
  t.test(`asks for nothing more once "${refused}" has refused the message, and counts it once`, async t => {
    const set = setUp({ refuse: { [refused]: new Problem('rate-limited') } })
    await rejectsWith(t, set.publishing.publish(set.publisher, set.read('a')), 'rate-limited')
    t.same(set.steps, steps)
    t.same(set.counted(), { 'rate-limited': 1 })
  })

t.test('refuses a message that is too large only to a caller that may publish', async t => {
  const large = 'x'.repeat(11)
  const { publishing, publisher, read, counted } = setUp()
  await rejectsWith(t, publishing.publish(publisher, read(large)), 'message-too-large')
  t.same(counted(), { 'message-too-large': 1 })
  const other = setUp({ refuse: { authorize: new Problem('forbidden') } })
  await rejectsWith(t, other.publishing.publish(other.publisher, other.read(large)), 'forbidden')
})

t.test('publishes what it may of many messages, with an outcome for each in their order', async t => {
  const { publishing, publisher, read, steps, counted } = setUp({
    results: () => [{ receivers: 1 }, { problem: 'outcome-unknown' }],
  })
  const refused = () => {
    throw new Problem('invalid-request')
  }
  const outcomes = await publishing.publishAll(publisher, [refused, read('a'), read('x'.repeat(11)), read('b')])
  t.same(typesOf(outcomes), ['invalid-request', { receivers: 1 }, 'message-too-large', 'outcome-unknown'])
  t.equal(steps[0], 'charge owner 4')
  t.equal(steps.at(-1), 'publish a,b')
  t.same(counted(), { ok: 1, 'invalid-request': 1, 'message-too-large': 1, 'outcome-unknown': 1 })
})

t.test('does not ask the broker when no message of many may be published', async t => {
  const { publishing, publisher, read, steps } = setUp()
  t.same(typesOf(await publishing.publishAll(publisher, [read('x'.repeat(11))])), ['message-too-large'])
  t.notMatch(steps.join(), 'publish')
})

t.test('charges for all messages of a batch at once, and counts all of them when they are too many', async t => {
  const { publishing, publisher, read, steps, counted } = setUp({ refuse: { charge: new Problem('rate-limited') } })
  await rejectsWith(t, publishing.publishAll(publisher, [read('a'), read('b')]), 'rate-limited')
  t.same(steps, ['charge owner 2'])
  t.same(counted(), { 'rate-limited': 2 })
})

t.test('a missing result of the broker is an internal error', async t => {
  const { publishing, publisher, read, counted } = setUp({ results: () => [] })
  await rejectsWith(t, publishing.publish(publisher, read('a')), 'internal-error')
  t.same(typesOf(await publishing.publishAll(publisher, [read('b')])), ['internal-error'])
  t.same(counted(), { 'internal-error': 2 })
})

t.test('lets one of two publishes with the same key through, and tells the other when to try again', async t => {
  const { publishing, publisher, read } = setUp()
  const keyed: ReadDraft = () => ({ ...read('a')(), key: { key: 'k' } })
  const [first, second] = await Promise.allSettled([
    publishing.publish(publisher, keyed),
    publishing.publish(publisher, keyed),
  ])
  t.same(first, { status: 'fulfilled', value: { receivers: 1 } })
  t.match(second, { reason: { type: 'idempotency-key-in-flight', headers: { 'retry-after': '1' } } })
})
