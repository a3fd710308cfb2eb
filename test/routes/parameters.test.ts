import t, { type Test } from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build, startGateway } from '../support/gateway.js'
import { fetchProblem } from '../support/problems.js'

const HISTORY = { HISTORY: 'kept*' }

async function publish(url: string, channel: string, body: string): Promise<string> {
  const answer = await fetch(`${url}/channels/${channel}`, { method: 'POST', body })
  return ((await answer.json()) as { id: string }).id // the channel has a history
}

const badRequest = async (t: Test, url: string) =>
  (await fetchProblem(t, await fetch(url), 'invalid-request', url)).detail

t.test('a time that does not exist is named, on every call that takes one', async t => {
  const { url } = await build(t, { config: HISTORY })
  const calls = ['/channels/kept/events?', '/events?channel=kept&', '/channels/kept/messages?']
  for (const [since, detail] of [
    ['2026-02-31T00:00:00Z', 'The value of "since" is "2026-02-31T00:00:00Z", a time that does not exist.'],
    ['2026-02-31', 'The value of "since" is "2026-02-31", a time that does not exist.'],
    ['2026-02-28T24:00:00Z', 'The value of "since" is "2026-02-28T24:00:00Z", a time that does not exist.'],
    ['tuesday', /^The value of "since" is "tuesday"\. Use a duration \(30s, .*\), a time \(2030-.*Z\) or "all"\.$/],
    ['2026-02-28T00:00:00', /^The value of "since" is "2026-02-28T00:00:00"\. Use a duration/],
    ['1000000000s', /^The value of "since" is "1000000000s"\. Use a duration/],
    ['9'.repeat(1000), /^The value of "since" is "9{40}…"\. Use a duration/],
  ] as const)
    for (const call of calls) {
      t.match(await badRequest(t, `${url}${call}since=${since}`), detail, since.slice(0, 40))
      t.match(await badRequest(t, `${url}${call}since=${since}&after=AAAAAAAAAAAA`), detail, 'also beside a cursor')
    }
  const socket = await openWebSocket(t, `${url}/ws`)
  socket.send({ type: 'subscribe', channel: 'kept', since: '2026-02-31T00:00:00Z', ref: 1 })
  const detail = 'The value of "since" is "2026-02-31T00:00:00Z", a time that does not exist.'
  t.match(JSON.parse((await socket.next()).data), { type: 'error', ref: 1, problem: { status: 400, detail } })
})

t.test('a date means its midnight, and every duration is a time to begin at', async t => {
  const { url } = await build(t, { config: HISTORY })
  await publish(url, 'kept', 'one')
  for (const since of ['2026-01-01', '1h', '999999999d', '0001-01-01T00:00:00Z']) {
    const stream = await openNdjson(t, `${url}/channels/kept/events?since=${since}`)
    t.match(await stream.next(), { data: 'one' }, since)
  }
})

t.test('numbers are decimal', async t => {
  const { url } = await build(t, { config: HISTORY })
  for (const [call, name] of [
    ['/channels/kept/events', 'limit'],
    ['/channels/kept/events', 'timeout'],
    ['/events?channel=kept', 'last'],
    ['/channels/kept/messages', 'wait'],
    ['/channels', 'limit'],
  ] as const)
    for (const value of ['0x10', '1e', ' 1', '', 'Infinity', 'NaN', '1_0', '1e999', '9'.repeat(400)]) {
      const query = `${call.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`
      t.match(await badRequest(t, url + call + query), name, `${call} ${name}=${value.slice(0, 10)}`)
    }
  t.equal(
    await badRequest(t, `${url}/channels/kept/events?limit=0x10`),
    'The value of "limit" is "0x10", which is not a decimal number.',
  )
  t.match(await badRequest(t, `${url}/channels/kept/events?limit=1e3`), 'limit')
  // As most languages write 0.00005.
  t.equal((await fetch(`${url}/channels/kept/messages?wait=5e-05`)).status, 200)
})

t.test('streams ignore parameters that they do not know', async t => {
  const { url } = await build(t, { config: HISTORY })
  const query = '_=1700000000&utm_source=x&r=0.5&__proto__=1&constructor=1'
  const sse = await openSse(t, `${url}/channels/kept/events?${query}`)
  const ndjson = await openNdjson(t, `${url}/events?channel=kept&${query}`)
  const one = await openWebSocket(t, `${url}/channels/kept/ws?${query}`)
  await openWebSocket(t, `${url}/ws?${query}`)
  await publish(url, 'kept', 'one')
  t.match(await sse.next(), { data: 'one' })
  t.match(await ndjson.next(), { data: 'one' })
  t.match(await one.next(), { data: 'one' })
})

t.test('a wrong value of a parameter that a stream knows is still refused', async t => {
  const { url } = await build(t)
  await badRequest(t, `${url}/channels/news/events?limit=0&_=1`)
  await fetchProblem(t, await fetch(`${url}/events?channel=-&_=1`), 'invalid-channel')
})

t.test('streams take the cursor from every spelling that polyfills of EventSource use', async t => {
  const { url } = await build(t, { config: HISTORY })
  const first = await publish(url, 'kept', 'one')
  const second = await publish(url, 'kept', 'two')
  await publish(url, 'kept', 'three')
  for (const name of [
    'lastEventId',
    'lastEventID',
    'last-event-id',
    'Last-Event-ID',
    'evs_last_event_id',
    'LASTEVENTID',
  ])
    for (const call of ['/channels/kept/events?', '/events?channel=kept&']) {
      const sse = await openSse(t, `${url}${call}${name}=${first}`)
      t.match((await sse.next()).data, 'two', `${call}${name}`)
    }
  const socket = await openWebSocket(t, `${url}/channels/kept/ws?lastEventId=${first}`)
  t.match(await socket.next(), { data: 'two' })

  // A polyfill adds its parameter to the URL that the page gave it, and adds it again each time it reconnects.
  for (const query of [
    `last_event_id=${first}&lastEventId=${second}`,
    `after=${first}&lastEventId=${second}`,
    `lastEventId=${first}&lastEventId=${second}`,
    `lastEventId=&lastEventId=${second}`,
    `last_event_id=${second}&lastEventId=`,
  ]) {
    const sse = await openSse(t, `${url}/channels/kept/events?${query}`)
    t.match(await sse.next(), { data: 'three' }, query)
  }
  const header = await openSse(t, `${url}/channels/kept/events?lastEventId=${first}`, { 'last-event-id': second })
  t.match(await header.next(), { data: 'three' }, 'the header of a native EventSource is the newest')
})

t.test('a parameter that is nearly one of a stream is logged, once a second at most and without its value', async t => {
  const gateway = await startGateway(t)
  const warnings = () =>
    gateway
      .output()
      .split('\n')
      .filter(line => line.includes('typing mistake'))
  const first = await openSse(t, `${gateway.url}/channels/news/events?_=1&x=2&lastEventId=a`)
  first.close()
  const began = Math.floor(Date.now() / 1000)
  for (let i = 0; i < 20; i++) (await openSse(t, `${gateway.url}/events?channel=news&patern=SECRET${i}`)).close()
  const seconds = Math.floor(Date.now() / 1000) - began + 1
  t.equal(await gateway.stop('SIGTERM'), 0)
  const [line = '{}'] = warnings()
  t.match(JSON.parse(line), { level: 40, parameter: 'patern', closest: 'pattern', route: '/events' })
  t.ok(warnings().length <= seconds, `${warnings().length} lines in ${seconds} seconds`)
  t.notMatch(gateway.output(), /SECRET/)
})

t.test('other calls refuse a parameter that they do not know, and suggest the one that was meant', async t => {
  const { url } = await build(t, { config: HISTORY })
  for (const [call, detail] of [
    ['/channels?patern=a', 'Unknown query parameter "patern". Did you mean "pattern"?'],
    ['/channels?_=1', /^Unknown query parameter "_"\. This call has the query parameters "pattern", .*\.$/],
    ['/channels/kept/messages?LIMIT=1', 'Unknown query parameter "LIMIT". Did you mean "limit"?'],
    ['/channels/kept/subscribers?a=1', 'Unknown query parameter "a". This call has no query parameters.'],
    [`/channels?${'x'.repeat(1000)}=1`, /^Unknown query parameter "x{40}…"\./],
  ] as const)
    t.match(await badRequest(t, url + call), detail)
  const publish = await fetch(`${url}/channels/news?evnt=a`, { method: 'POST', body: 'x' })
  const { detail } = await fetchProblem(t, publish, 'invalid-request')
  t.equal(detail, 'Unknown query parameter "evnt". Did you mean "event"?')
})
