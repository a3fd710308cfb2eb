import t from 'tap'
import type { ProblemType } from '../../src/protocol/problem-types.js'
import { openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { fetchProblem, sameProblem } from '../support/problems.js'
import { exchange, requestText } from '../support/raw-http.js'

const upgrade = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Each way to name a channel in a path. */
const transports: [what: string, request: (name: string) => string][] = [
  ['publish', name => requestText('POST', `/channels/${name}`, { body: 'x' })],
  ['stream', name => requestText('GET', `/channels/${name}/events`)],
  ['ndjson', name => requestText('GET', `/channels/${name}/events`, { headers: { accept: 'application/x-ndjson' } })],
  ['subscribers', name => requestText('GET', `/channels/${name}/subscribers`)],
  ['plain GET of a websocket', name => requestText('GET', `/channels/${name}/ws`)],
  ['websocket', name => requestText('GET', `/channels/${name}/ws`, { headers: upgrade })],
]

const bad: [name: string, type: ProblemType][] = [
  ...['*', 'a*', '%3F', '[a]', '%5Ba%5D', '%5C', '{a}', '%7Ba%7D', 'a%7C', '%27', '%22', '%3Cb%3E', 'a%3Bb', 'a%2Cb'],
  ...['%00', 'a%00', '%01', 'a%0D%0Ab', '%0A', '%7F', '%C2%85', '%E2%80%A8', '%20', 'a%20b', 'a+b', '+'],
  ...['.', '..', '%2E%2E', '.a', '-a', '_a', ':a', '%2F', 'a%2Fb', '%252F', 'a%252Fb', '%23', '%3F', '%25', 'a%40b'],
  ...['%C3%A9', '%F0%9F%94%94', '__proto__', 'a'.repeat(129), 'a'.repeat(8000)],
].map(name => [name, 'invalid-channel'])
bad.push(
  ...['%', 'a%', '%2', '%zz', '%u0041', '%FF', '%C3', '%ED%A0%80', '%C0%AF'].map((name): [string, ProblemType] => [
    name,
    'bad-url',
  ]),
  ...['carillon:', 'carillon:gateways', 'carillon:meta:x'].map((name): [string, ProblemType] => [
    name,
    'reserved-channel',
  ]),
  ['a'.repeat(10_000), 'uri-too-long'],
  ['%61'.repeat(4000), 'invalid-channel'],
  ['a'.repeat(20_000), 'headers-too-large'],
)

for (const [what, request] of transports) {
  t.test(`a bad channel name in a path is refused, and says why: ${what}`, async t => {
    const { port } = await build(t)
    for (const [name, type] of bad) sameProblem(t, await exchange(t, port, request(name)), type, name.slice(0, 30))
  })
}

t.test('bytes in a path that are no URL are refused on the bare socket', async t => {
  const { port } = await build(t)
  for (const name of ['a b', 'a\0b', 'a\x01b', 'a\x7fb', 'a\rb', 'a\nb', 'caf\xe9'])
    sameProblem(
      t,
      await exchange(t, port, requestText('POST', `/channels/${name}`)),
      'invalid-request',
      encodeURI(name),
    )
})

t.test('bad channel names and patterns in a query are refused', async t => {
  const { url } = await build(t)
  const names = ['', '*', 'a b', 'a/b', '..', '\0', 'a\r\nb', 'é', '__proto__', 'a'.repeat(129), '{a}', '+', '%2F']
  for (const name of names)
    await fetchProblem(
      t,
      await fetch(`${url}/events?channel=ok&channel=${encodeURIComponent(name)}`),
      'invalid-channel',
      encodeURIComponent(name),
    )
  const patterns = [
    '',
    '[',
    '[]',
    '[^]',
    'a]',
    '\\*',
    '{a,b}',
    'a b',
    'a/*',
    '\0',
    'é*',
    '*'.repeat(129),
    '[[]',
    '[a*]',
  ]
  for (const pattern of patterns) {
    const encoded = encodeURIComponent(pattern)
    await fetchProblem(t, await fetch(`${url}/events?pattern=${encoded}`), 'invalid-pattern', encoded)
    await fetchProblem(t, await fetch(`${url}/channels?pattern=${encoded}`), 'invalid-pattern', encoded)
  }
  for (const query of ['channel=carillon:gateways', 'pattern=carillon:*'])
    await fetchProblem(t, await fetch(`${url}/events?${query}`), 'reserved-channel', query)
  for (const query of ['channel=%FF', 'channel=%', 'pattern=%zz', 'pattern=%C3'])
    t.equal((await fetch(`${url}/events?${query}`)).status, 400, query)
})

t.test('bad names in frames of the multiplexed WebSocket are answered with their problem', async t => {
  const { url } = await build(t)
  const client = await openWebSocket(t, `${url}/ws`)
  const cases: [request: object, type: ProblemType][] = [
    ...['', '*', 'a b', 'a\r\nb', '\0', '../a', '__proto__', 'a'.repeat(10_000)].flatMap(
      (channel): [object, ProblemType][] => [
        [{ type: 'subscribe', channel }, 'invalid-channel'],
        [{ type: 'unsubscribe', channel }, 'invalid-channel'],
        [{ type: 'publish', channel, data: 'x' }, 'invalid-channel'],
      ],
    ),
    [{ type: 'subscribe', pattern: '[' }, 'invalid-pattern'],
    [{ type: 'subscribe', pattern: '' }, 'invalid-pattern'],
    [{ type: 'subscribe', pattern: 'carillon:*' }, 'reserved-channel'],
    [{ type: 'subscribe', channel: 'carillon:gateways' }, 'reserved-channel'],
    [{ type: 'publish', channel: 'carillon:gateways', data: 'x' }, 'reserved-channel'],
    [{ type: 'publish', channel: 'a', data: 'x', event: 'a\r\nb' }, 'invalid-event-type'],
    [{ type: 'publish', channel: 'a', data: 'x', event: 'a\0' }, 'invalid-event-type'],
    [{ type: 'publish', channel: 'a', data: 'x', event: 'gap' }, 'invalid-event-type'],
    [{ type: 'subscribe' }, 'invalid-request'],
    [{ type: 'subscribe', channel: 'a', pattern: 'a*' }, 'invalid-request'],
  ]
  for (const [ref, [request, type]] of cases.entries()) {
    client.send({ ...request, ref })
    t.match(
      JSON.parse((await client.next()).data),
      { type: 'error', ref, problem: { type: `urn:carillon:problem:${type}` } },
      `${ref} ${type}`,
    )
  }
  for (const channel of ['constructor', 'toString']) {
    client.send({ type: 'subscribe', channel, ref: channel })
    t.same(JSON.parse((await client.next()).data), { type: 'subscribed', ref: channel, channel })
  }
})
