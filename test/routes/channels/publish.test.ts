import t from 'tap'
import { openNdjson, openWebSocket } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { fetchProblem } from '../../support/problems.js'
import { exchange, requestText } from '../../support/raw-http.js'

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const post = (url: string, body: Buffer | string | null, contentType?: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    // Bytes, as `fetch` gives a string a type of its own.
    body: typeof body === 'string' ? Buffer.from(body) : body,
    headers: contentType === undefined ? headers : { 'content-type': contentType, ...headers },
  })

t.test('the body of a POST is the message, byte for byte, with any content type', async t => {
  const { url } = await build(t)
  const listener = await openWebSocket(t, `${url}/channels/news/ws`)
  const cases: [contentType: string | undefined, body: Buffer | string][] = [
    ['text/plain', 'hello'],
    ['text/plain; charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1')],
    ['application/x-www-form-urlencoded', 'a=1&b=%20+%zz'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n\r\n--x--'],
    ['application/octet-stream', EVERY_BYTE],
    ['image/png', EVERY_BYTE],
    ['application/json', ' {"a" : 1,\r\n\t"b":1.0e+2, "__proto__":{}, "a":2}\n'],
    ['application/json; charset=utf-8', '"\\ud83d\\udd14 🔔"'],
    ['application/vnd.example+json', '[ 1 , 2 ]'],
    ['APPLICATION/JSON', 'null'],
    ['x/y', 'line\r\nline\rline\u2028line'],
    ['text/plain', Buffer.alloc(64 * 1024, 'x')],
    [undefined, 'no type'],
    [undefined, EVERY_BYTE],
  ]
  for (const [contentType, body] of cases) {
    const response = await post(`${url}/channels/news`, body, contentType)
    t.same(await response.json(), { channel: 'news', receivers: 1 })
    t.same((await listener.next()).bytes, Buffer.from(body), `${contentType}`)
  }
})

t.test('an empty message is a message', async t => {
  const { url, port } = await build(t)
  const listener = await openWebSocket(t, `${url}/channels/news/ws`)
  t.equal((await post(`${url}/channels/news`, null)).status, 200)
  t.equal((await post(`${url}/channels/news`, '', 'text/plain')).status, 200)
  t.equal((await exchange(t, port, requestText('POST', '/channels/news'))).status, 200)
  for (const { bytes } of await listener.take(3)) t.equal(bytes.length, 0)
})

t.test('a body that comes in chunks is one message', async t => {
  const { url, port } = await build(t)
  const listener = await openWebSocket(t, `${url}/channels/news/ws`)
  const head =
    'POST /channels/news HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  t.equal((await exchange(t, port, `${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)).status, 200)
  t.equal((await listener.next()).data, 'abcde')
})

t.test('receivers is 0 without subscribers', async t => {
  const { url } = await build(t)
  const response = await post(`${url}/channels/nobody`, 'x')
  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  t.same(await response.json(), { channel: 'nobody', receivers: 0 })
})

t.test('a body with a JSON content type that is not JSON is refused and not published', async t => {
  const { url } = await build(t, { config: { MAX_MESSAGE_BYTES: 1024 * 1024 } })
  const listener = await openWebSocket(t, `${url}/channels/news/ws`)
  const bad: [what: string, body: Buffer | string][] = [
    ['nothing', ''],
    ['half', '{"a":'],
    ['more than one value', '{} {}'],
    ['single quotes', "{'a':1}"],
    ['a byte order mark', '\ufeff{}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a raw control character', '"\u0001"'],
    ['200,000 open arrays', '['.repeat(200_000)],
    ['200,000 arrays in each other', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['100,000 objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ]
  for (const [what, body] of bad)
    await fetchProblem(t, await post(`${url}/channels/news`, body, 'application/json'), 'invalid-json', what)
  await fetchProblem(t, await post(`${url}/channels/news`, '{', 'application/problem+json'), 'invalid-json', '+json')
  await post(`${url}/channels/news`, `[${'"[[{{\\\\\\"", '.repeat(1000)}[{}]]`, 'application/json')
  t.match((await listener.next()).data, /^\["\[\[/, 'brackets inside strings are no depth')
})

t.test('?event= gives an event type', async t => {
  const { url } = await build(t)
  const listener = await openNdjson(t, `${url}/channels/news/events`)
  for (const event of ['price', '__proto__', 'constructor', 'a"b{}:#', 'x'.repeat(128)]) {
    t.equal((await post(`${url}/channels/news?event=${encodeURIComponent(event)}`, 'x')).status, 200)
    t.same(await listener.next(), { channel: 'news', event, data: 'x' })
  }
})

t.test('an event type that is reserved, or could break a line, is refused', async t => {
  const { url } = await build(t)
  const reserved = ['gap', 'envelope', 'open', 'error', 'end']
  const broken = ['', 'a b', 'a\rb', 'a\nb', 'a\0b', 'é', '\u2028', 'a\tb', 'x'.repeat(129)]
  for (const event of [...reserved, ...broken])
    await fetchProblem(
      t,
      await post(`${url}/channels/news?event=${encodeURIComponent(event)}`, 'x'),
      'invalid-event-type',
      encodeURIComponent(event),
    )
})

t.test('a query that says more than the API knows is refused', async t => {
  const { url } = await build(t)
  const unknown = await fetchProblem(t, await post(`${url}/channels/news?evnet=x`, 'x'), 'invalid-request')
  t.match(unknown.detail, '"evnet"')
  for (const query of ['event=a&event=b', '__proto__=x', 'constructor=x', 'toString=x'])
    t.equal((await post(`${url}/channels/news?${query}`, 'x')).status, 400, query)
})

t.test('a message over the limit is refused with 413, announced or not', async t => {
  const { url, port } = await build(t)
  const body = 'x'.repeat(64 * 1024 + 1)
  await fetchProblem(t, await post(`${url}/channels/news`, body), 'message-too-large')
  const head =
    'POST /channels/news HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  const answer = await exchange(t, port, `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  t.equal(answer.status, 413)
})

t.test('a compressed body is refused with 415', async t => {
  const { url } = await build(t)
  for (const encoding of ['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip', 'zstd'])
    await fetchProblem(
      t,
      await post(`${url}/channels/news`, 'x', 'text/plain', { 'content-encoding': encoding }),
      'unsupported-media-type',
      encoding,
    )
  t.equal((await post(`${url}/channels/news`, 'x', 'text/plain', { 'content-encoding': 'Identity' })).status, 200)
})

t.test('a Content-Type that parsers may read differently is refused with 415', async t => {
  const { port } = await build(t)
  const odd = ['application/json x', 'application /json', 'application/ json', 'json', '/', ';charset=utf-8']
  odd.push('text/plain; charset', 'text/plain,application/json', 'text/plain; charset = utf-8')
  odd.push('a/b/c', 'text/plain; a="b', '{}')
  for (const type of odd) {
    const answer = await exchange(
      t,
      port,
      requestText('POST', '/channels/news', { headers: { 'content-type': type }, body: '{}' }),
    )
    t.equal(answer.status, 415, type)
    t.match(answer.body, 'urn:carillon:problem:unsupported-media-type', type)
  }
})

t.test('names that JavaScript gives a meaning are channels, headers and keys like any other', async t => {
  const { url } = await build(t)
  for (const channel of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
    const listener = await openNdjson(t, `${url}/channels/${channel}/events`)
    const body = `{"__proto__":{"polluted":1},"${channel}":1}`
    const response = await post(`${url}/channels/${channel}`, body, 'application/json', { [channel]: 'x' })
    t.same(await response.json(), { channel, receivers: 1 })
    t.same(await listener.next(), { channel, data: body })
  }
  await fetchProblem(t, await post(`${url}/channels/__proto__`, 'x'), 'invalid-channel')
  t.equal((await post(`${url}/channels/news`, 'x', 'text/plain', { __proto__: 'x' } as never)).status, 200)
  t.notOk('polluted' in {})
})
