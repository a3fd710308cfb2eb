import t from 'tap'
import { problemUri } from '../../src/protocol/problem-types.js'
import { attackedGateway, multiplexed, sendBatch, show } from '../support/attacked.js'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { sameProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'

t.test('an event type that could end its line is refused in every transport', async t => {
  const { url, port, redis, leavesNothing } = await attackedGateway(t)
  for (const event of [
    'a\nb',
    'a\rb',
    'a\r\ndata: forged',
    'a\0b',
    'a b',
    'ü',
    '\u2028',
    '',
    'gap',
    'error',
    'open',
    'envelope',
    'end',
    'a'.repeat(129),
  ]) {
    const what = show(event)
    sameProblem(
      t,
      await exchange(t, port, requestText('POST', `/channels/news?event=${encodeURIComponent(event)}`, { body: 'x' })),
      'invalid-event-type',
      what,
    )
    const [result] = await sendBatch(t, port, [{ channel: 'news', data: 'x', event }])
    t.match(result, { type: problemUri('invalid-event-type') }, what)
    const { answers } = await multiplexed(
      t,
      url,
      JSON.stringify({ type: 'publish', channel: 'news', data: 'x', event }),
    )
    t.match(answers, [{ type: 'error', problem: { type: problemUri('invalid-event-type') } }], what)
  }
  t.notMatch(await redis.cli('INFO', 'commandstats'), /cmdstat_(publish|eval):/)
  await leavesNothing('bad event types')
})

t.test('data that looks like the wire comes through as data, in every transport', async t => {
  const { url } = await attackedGateway(t)
  const sse = await openSse(t, `${url}/channels/news/events`)
  const envelopes = await openSse(t, `${url}/channels/news/events?format=envelope`)
  const many = await openSse(t, `${url}/events?channel=news&pattern=n*`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  const bare = await openWebSocket(t, `${url}/channels/news/ws`)
  const multiplex = await openWebSocket(t, `${url}/ws`)
  multiplex.send({ type: 'subscribe', channel: 'news' })
  await multiplex.next()

  const forged = [
    'a\r\revent: evil\rdata: x',
    '\r\n\r\nevent: gap\r\ndata: {}',
    'x\n\nid: 1\nretry: 1\n\n',
    ':comment',
    'a\u2028b\u2029c',
    '\0',
    '{"channel":"other","event":"gap","data":"{}"}\n{"channel":"other","data":"x"}',
    '0\r\n\r\n',
    '\ufeffbom',
  ]
  for (const data of forged) {
    t.equal((await fetch(`${url}/channels/news`, { method: 'POST', body: data })).status, 200)
    const event = await sse.next()
    t.match(event, { event: undefined, id: undefined, data: data.replace(/\r\n|\r/g, '\n') }, 'SSE joins lines with LF')
    const envelope = { channel: 'news', data }
    t.same(JSON.parse((await envelopes.next()).data), envelope, 'SSE, envelope')
    t.same(JSON.parse((await many.next()).data), envelope, 'many channels')
    t.same(await ndjson.next(), envelope, 'NDJSON')
    t.same(JSON.parse((await multiplex.next()).data), envelope, 'multiplexed')
    const frame = await bare.next()
    t.same([frame.data, frame.isBinary], [data, false], 'WebSocket')
  }
  t.notMatch(sse.text(), /^event: (evil|gap)/m)
})

t.test('characters that other readers take for line ends round-trip', async t => {
  const { url } = await attackedGateway(t)
  const sse = await openSse(t, `${url}/channels/news/events`)
  const ndjson = await openNdjson(t, `${url}/channels/news/events`)
  for (const data of ['a\u2028b', 'a\u2029b', 'a\u0085b', 'a\vb\fc', '\ufeffbom', '\u202eabc']) {
    await fetch(`${url}/channels/news`, { method: 'POST', body: data })
    t.equal((await sse.next()).data, data)
    t.equal((await ndjson.next()).data, data)
  }
  t.notMatch(ndjson.text(), LINE_ENDS)
})

t.test('no JSON that the gateway writes has a line end that only some readers know', async t => {
  const { url } = await build(t, { config: { HISTORY: 'kept=10', UPSTASH: true } })
  const data = 'a\u2028b\u2029c\u0085d'
  const client = await openWebSocket(t, `${url}/ws`)
  client.send({ type: 'ping', ref: data })
  const pong = (await client.next()).data
  await fetch(`${url}/channels/kept`, { method: 'POST', body: data })
  const page = await (await fetch(`${url}/channels/kept/messages`)).text()
  const problem = await (await fetch(`${url}/channels/kept/messages?${encodeURIComponent(data)}=1`)).text()
  const echo = await (await fetch(`${url}/upstash/echo/${encodeURIComponent(data)}`)).text()
  for (const text of [pong, page, problem, echo]) {
    t.notMatch(text, LINE_ENDS)
    t.match(text, 'a\\u2028b\\u2029c\\u0085d')
  }
  t.equal(JSON.parse(page).messages[0].data, data)

  const lines = await fetch(`${url}/upstash/subscribe/news`, { signal: AbortSignal.timeout(20_000) })
  for (const body of [`${data}\v\f`, JSON.stringify({ data }), 'end'])
    await fetch(`${url}/channels/news`, { method: 'POST', body })
  let text = ''
  for await (const chunk of lines.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('end')) break
  }
  t.notMatch(text, LINE_ENDS)
  const payloads = text.split('\n').flatMap(line => line.split('data: message,news,').slice(1))
  t.same(JSON.parse(payloads[0] ?? ''), `${data}\v\f`)
  t.same(JSON.parse(payloads[1] ?? ''), { data })
})

const LINE_ENDS = /[\u0085\u2028\u2029]/
