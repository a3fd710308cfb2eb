import t from 'tap'
import { openSse } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'
import { startRedis } from '../support/redis.js'

const BINARY = {
  'ce-specversion': '1.0',
  'ce-id': '42',
  'ce-source': '/orders',
  'ce-type': 'com.example.order.paid',
  'content-type': 'application/json',
}

const STRUCTURED = { specversion: '1.0', id: '42', source: '/orders', type: 'order.paid', data: { total: 7 } }
const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }

t.test('a CloudEvent in binary mode keeps its bytes, and its type becomes the event type', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const listener = await openSse(t, `${url}/channels/news/events`)
  const body = '{"total": 7}'
  const answer = await fetch(`${url}/channels/news`, { method: 'POST', headers: BINARY, body })
  t.equal(answer.status, 200)
  t.match(await listener.next(), { event: 'com.example.order.paid', data: body })

  const encoded = { ...BINARY, 'ce-type': 'caf%C3%A9%20au%20lait' }
  const refused = await fetch(`${url}/channels/news`, { method: 'POST', headers: encoded, body })
  await fetchProblem(t, refused, 'invalid-event-type')
  const escaped = { ...BINARY, 'ce-type': 'order%2Epaid' }
  await fetch(`${url}/channels/news`, { method: 'POST', headers: escaped, body })
  t.match(await listener.next(), { event: 'order.paid' }, 'header values are percent-encoded')
})

t.test('a CloudEvent in structured mode is published with its envelope', async t => {
  const { url } = await build(t)
  const listener = await openSse(t, `${url}/channels/news/events`)
  const body = JSON.stringify(STRUCTURED, null, 1)
  await fetch(`${url}/channels/news`, { method: 'POST', headers: structured, body })
  const { event, data } = await listener.next()
  t.equal(event, 'order.paid')
  t.equal(data, body, 'byte for byte')
})

t.test('an event type in the URL wins, and a request that is no CloudEvent has none', async t => {
  const { url } = await build(t)
  const listener = await openSse(t, `${url}/channels/news/events`)
  await fetch(`${url}/channels/news?event=mine`, { method: 'POST', headers: BINARY, body: '{}' })
  t.match(await listener.next(), { event: 'mine' })
  await fetch(`${url}/channels/news`, { method: 'POST', headers: { 'ce-type': 'lonely' }, body: 'x' })
  t.match(await listener.next(), { event: undefined, data: 'x' })
})

t.test('a CloudEvent that lacks an attribute is refused by name', async t => {
  const { url } = await build(t)
  const publish = (headers: Record<string, string>, body: string) =>
    fetch(`${url}/channels/news`, { method: 'POST', headers, body })
  for (const name of ['id', 'source', 'type'] as const) {
    const { [`ce-${name}` as const]: _, ...rest } = BINARY
    const problem = await fetchProblem(t, await publish(rest as Record<string, string>, '{}'), 'invalid-request')
    t.equal(problem.detail, `The CloudEvent has no "${name}" (header ce-${name}).`)
    const body = JSON.stringify({ ...STRUCTURED, [name]: undefined })
    t.match(await fetchProblem(t, await publish(structured, body), 'invalid-request'), {
      detail: `The CloudEvent has no "${name}" (member ${name}).`,
    })
  }
  const old = await fetchProblem(t, await publish({ ...BINARY, 'ce-specversion': '0.3' }, '{}'), 'invalid-request')
  t.equal(old.detail, 'The CloudEvent has specversion "0.3"; it must be "1.0".')
  t.match(await fetchProblem(t, await publish(structured, '[1]'), 'invalid-request'), {
    detail: 'A body of type application/cloudevents+json must be a JSON object.',
  })
  await fetchProblem(t, await publish(structured, 'no json'), 'invalid-json')
  const reserved = JSON.stringify({ ...STRUCTURED, type: 'gap' })
  await fetchProblem(t, await publish(structured, reserved), 'invalid-event-type')
})
