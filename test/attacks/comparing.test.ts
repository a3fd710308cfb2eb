import t, { type Test } from 'tap'
import { problemUri } from '../../src/protocol/problem-types.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { bearer, secret, sign } from '../support/tokens.js'

/** Patterns that differ only at their ends, and take long to tell apart: as many as a ticket takes. */
const letters = 'abcdefghij'
const endings = [...letters].flatMap(first => [...letters].map(second => first + second))
const granted = endings.slice(0, 68).map(ending => `public:${'?*'.repeat(54)}x${ending}`)
/** Each is covered by one of the granted patterns, and equal to none. */
const narrower = granted.map(pattern => pattern.replace('?*?*', '?*a*'))

async function buildWithTicket(t: Test, rights = ['subscribe']) {
  const grants = JSON.stringify({ subscribe: ['public:*'], publish: ['public:*'] })
  const { url } = await build(t, { config: { ANONYMOUS_GRANTS: grants, MAX_HEADER_BYTES: 65_536 } })
  const answer = await fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ patterns: granted, rights }),
  })
  t.equal(answer.status, 201)
  const { ticket } = (await answer.json()) as { ticket: string }
  return { url, ticket }
}

const query = (patterns: readonly string[]) => patterns.map(pattern => `pattern=${pattern}`).join('&')

t.test('a ticket opens a stream of its own patterns, in any order', async t => {
  const { url, ticket } = await buildWithTicket(t)
  const stream = await openSse(t, `${url}/events?${query(granted.slice().reverse())}&ticket=${ticket}&timeout=0.01`)
  t.equal(stream.response.status, 200)
})

t.test('a stream of patterns that take too long to compare with the granted ones gets 400', async t => {
  const { url, ticket } = await buildWithTicket(t)
  const answer = await fetch(`${url}/events?${query(narrower.slice().reverse())}&ticket=${ticket}`)
  await fetchProblem(t, answer, 'too-much-to-compare')
})

t.test('a few of these patterns are no problem', async t => {
  const { url, ticket } = await buildWithTicket(t)
  const stream = await openSse(t, `${url}/events?${query(narrower.slice(60))}&ticket=${ticket}&timeout=0.01`)
  t.equal(stream.response.status, 200)
})

t.test('the frames of one turn on a WebSocket have one budget, and the next turn has another', async t => {
  const { url, ticket } = await buildWithTicket(t)
  const webSocket = await openWebSocket(t, `${url}/ws?ticket=${ticket}`)
  const frames = narrower.slice(0, 64).slice().reverse()
  for (const [ref, pattern] of frames.entries()) webSocket.send({ type: 'subscribe', pattern, ref })
  webSocket.send({ type: 'ping', ref: 'last' })
  const refused: unknown[] = []
  for (let answer = JSON.parse((await webSocket.next()).data); answer.ref !== 'last'; ) {
    if (answer.type === 'error') refused.push(answer.problem.type)
    answer = JSON.parse((await webSocket.next()).data)
  }
  t.ok(refused.length > 0, 'some of them are refused')
  t.same([...new Set(refused)], [problemUri('too-much-to-compare')])
  webSocket.send({ type: 'subscribe', pattern: narrower[0] ?? '', ref: 'again' })
  t.match(JSON.parse((await webSocket.next()).data), { type: 'subscribed', ref: 'again' }, 'the connection goes on')
})

t.test('the messages of a batch have one budget, and a channel that comes again costs nothing', async t => {
  const { url } = await build(t, { config: { JWT_SECRET: secret } })
  const publish = endings.map(ending => `*${'a'.repeat(50)}${ending}`)
  const token = await sign({ claims: { carillon: { publish } } })
  const results = async (channels: readonly string[]) => {
    const answer = await fetch(`${url}/publish`, {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: JSON.stringify({ messages: channels.map(channel => ({ channel, data: 'x' })) }),
    })
    return ((await answer.json()) as { results: { type?: string }[] }).results
  }
  const name = (i: number) => `${'a'.repeat(110)}${i}jj`
  const different = await results(Array.from({ length: 500 }, (_, i) => name(i)))
  t.equal(different[0]?.type, problemUri('forbidden'))
  t.equal(different.at(-1)?.type, problemUri('too-much-to-compare'))
  const ending = `${'a'.repeat(110)}jj`
  const same = await results(Array.from({ length: 500 }, () => ending))
  t.same(
    same.filter(({ type }) => type !== undefined),
    [],
    'all of them are published',
  )
})
