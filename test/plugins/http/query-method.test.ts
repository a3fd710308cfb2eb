import t from 'tap'
import type { ProblemType } from '../../../src/protocol/problem-types.js'
import { openNdjson } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { fetchProblem } from '../../support/problems.js'

const FORM = 'application/x-www-form-urlencoded'
const ACCEPTED = 'application/x-www-form-urlencoded, application/json'

/** A request by `QUERY`. */
const query = (url: string, type: string | undefined, body: string | undefined) =>
  fetch(url, { method: 'QUERY', headers: type === undefined ? {} : { 'content-type': type }, body: body ?? null })

t.test('a stream takes more channels in the body of a QUERY than a URL holds', async t => {
  const { url } = await build(t, { config: { MAX_SUBSCRIPTIONS: 500 } })
  const channels = Array.from({ length: 400 }, (_, i) => `room:${i}:${'x'.repeat(90)}`)
  for (const [type, body] of [
    [FORM, channels.map(name => `channel=${encodeURIComponent(name)}`).join('&')],
    ['application/json', JSON.stringify({ channel: channels, pattern: 'chat:*', limit: 2 })],
  ] as const) {
    const stream = await openNdjson(
      t,
      type === FORM ? `${url}/events?limit=2` : `${url}/events`,
      { 'content-type': type },
      { method: 'QUERY', body },
    )
    t.equal(stream.response.headers.get('accept-query'), ACCEPTED)
    for (const name of [channels[0], channels[399]])
      await fetch(`${url}/channels/${name}`, { method: 'POST', body: 'x' })
    t.same(
      (await stream.untilEnd()).map(({ channel }) => channel),
      [channels[0], channels[399]],
    )
  }
})

t.test('the list of channels takes its parameters from both the URL and the body', async t => {
  const { url } = await build(t)
  for (const name of ['news', 'chat:a', 'chat:b']) await openNdjson(t, `${url}/channels/${name}/events`)
  const answer = await query(`${url}/channels?limit=1`, FORM, 'pattern=chat:*&counts=true')
  t.same(await answer.json(), { channels: [{ channel: 'chat:a', subscribers: 1, listeners: 1 }], next: 'chat:a' })
  const plain = await fetch(`${url}/channels`)
  t.equal(plain.headers.get('accept-query'), ACCEPTED, 'GET announces it')
})

t.test('a QUERY that cannot be read is refused by what is wrong with it', async t => {
  const { url } = await build(t)
  const refused = async (type: string | undefined, body: string | undefined, problem: ProblemType) =>
    (await fetchProblem(t, await query(`${url}/events`, type, body), problem)).detail
  t.match(await refused('text/plain', 'channel=a', 'unsupported-media-type'), 'Content-Type must be')
  t.match(await refused('application/json', '[]', 'invalid-request'), 'must be a JSON object')
  t.match(await refused('application/json', '{"channel":{"a":1}}', 'invalid-request'), '"channel"')
  await refused('application/json', '{"channel":', 'invalid-json')
  await refused(FORM, '', 'invalid-request')
  await refused(FORM, 'channel=no%20spaces', 'invalid-channel')
  const untyped = await fetch(`${url}/events`, { method: 'QUERY', body: new Blob(['channel=a']) })
  await fetchProblem(t, untyped, 'unsupported-media-type')
  const elsewhere = await query(`${url}/metrics`, FORM, 'a=b')
  await fetchProblem(t, elsewhere, 'method-not-allowed')
})

t.test('an unknown parameter in the body is refused as it is in a URL', async t => {
  const { url } = await build(t)
  const problem = await fetchProblem(t, await query(`${url}/channels`, FORM, 'patern=a'), 'invalid-request')
  t.match(problem.detail, 'Did you mean "pattern"?')
})
