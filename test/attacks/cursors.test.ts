import t, { type Test } from 'tap'
import { type Frame, openNdjson, openSse, openWebSocket } from '../support/clients.js'
import type { Envelope } from '../support/envelope.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

/** Resolves with the reason of the first gap, of `channel` where there are several. */
type Resume = (t: Test, url: string, cursor: string) => Promise<string>

const reasonOf = (data = '{}'): string => (JSON.parse(data) as { reason: string }).reason
const encode = encodeURIComponent

async function byNdjson(t: Test, url: string, headers: Record<string, string> = {}): Promise<string> {
  const stream = await openNdjson(t, url, headers)
  t.equal(stream.response.status, 200)
  const gap = await stream.find((item: Envelope) => item.event === 'gap' && item.channel === 'kept')
  stream.close()
  return reasonOf(gap.data)
}

const isGap = ({ data }: Frame): boolean => data.includes('"gap"')

/** Every way to say from where to go on. A header carries what a header can. */
const WAYS: Record<string, Resume> = {
  'SSE, Last-Event-ID': async (t, url, cursor) => {
    const stream = await openSse(t, `${url}/channels/kept/events`, { 'last-event-id': cursor })
    t.equal(stream.response.status, 200)
    const { data } = await stream.find(({ event }) => event === 'gap')
    stream.close()
    return reasonOf(data)
  },
  'SSE, last_event_id': async (t, url, cursor) => {
    const stream = await openSse(t, `${url}/channels/kept/events?last_event_id=${encode(cursor)}`)
    t.equal(stream.response.status, 200)
    const { data } = await stream.find(({ event }) => event === 'gap')
    stream.close()
    return reasonOf(data)
  },
  'NDJSON, after': (t, url, cursor) => byNdjson(t, `${url}/channels/kept/events?after=${encode(cursor)}`),
  'several channels': (t, url, cursor) =>
    byNdjson(t, `${url}/events?channel=kept&channel=news&after=${encode(cursor)}`),
  'several channels, header': (t, url, cursor) =>
    byNdjson(t, `${url}/events?channel=kept&channel=other`, { 'last-event-id': cursor }),
  messages: async (t, url, cursor) => {
    const answer = await fetch(`${url}/channels/kept/messages?after=${encode(cursor)}`)
    t.equal(answer.status, 200)
    return ((await answer.json()) as { gap: { reason: string } }).gap.reason
  },
  'long poll': async (t, url, cursor) => {
    const answer = await fetch(`${url}/channels/kept/messages?wait=5&after=${encode(cursor)}`)
    t.equal(answer.status, 200)
    return ((await answer.json()) as { gap: { reason: string } }).gap.reason
  },
  WebSocket: async (t, url, cursor) => {
    const client = await openWebSocket(t, `${url}/channels/kept/ws?after=${encode(cursor)}`)
    const { data } = await client.find(isGap)
    client.socket.close()
    await client.closed
    return reasonOf(JSON.parse(data).data)
  },
  'multiplexed WebSocket': async (t, url, cursor) => {
    const client = await openWebSocket(t, `${url}/ws`)
    client.send({ type: 'subscribe', channel: 'kept', after: cursor })
    const { data } = await client.find(isGap)
    client.socket.close()
    await client.closed
    return reasonOf(JSON.parse(data).data)
  },
}

t.test('an unknown or foreign cursor gets 200 and a gap, on every transport', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { HISTORY: 'kept=3,other=3' } })
  const publish = async (channel: string, body: string) => {
    const answer = await fetch(`${url}/channels/${channel}`, { method: 'POST', body })
    return ((await answer.json()) as { id: string }).id
  }
  const deleted = await publish('kept', 'before')
  t.equal((await fetch(`${url}/channels/kept/history`, { method: 'DELETE' })).status, 204)
  const trimmed = await publish('kept', 'm0')
  const ids: string[] = []
  for (let i = 1; i <= 4; i++) ids.push(await publish('kept', `m${i}`))
  const newest = Buffer.from(ids.at(-1) ?? '', 'base64url')
  const changed = (at: number, value: number) => {
    const bytes = Buffer.from(newest)
    bytes.writeUInt8(value, at)
    return bytes.toString('base64url')
  }
  const cases: [what: string, cursor: string, reason: string][] = [
    ['garbage', '!!', 'cursor_unknown'],
    ['what looks like one', 'AAAAAAAAAA', 'cursor_unknown'],
    ['a path', '../../etc/passwd', 'cursor_unknown'],
    ['a word of JavaScript', '__proto__', 'cursor_unknown'],
    ['JSON', '{"offset":1}', 'cursor_unknown'],
    ['a glob', '*', 'cursor_unknown'],
    ['an id of Redis', '1-0', 'cursor_unknown'],
    ['many parts', 'AAAAAAAAAA.'.repeat(300), 'cursor_unknown'],
    ['a very long one', 'A'.repeat(4000), 'cursor_unknown'],
    ['that of another channel', await publish('other', 'x'), 'cursor_unknown'],
    ['one with a wrong check', changed(4, (newest[4] ?? 0) ^ 0xff), 'history_reset'],
    ['one of the future', changed(newest.length - 1, 200), 'history_reset'],
    ['one of a history that was deleted', deleted, 'history_reset'],
    ['one whose message was trimmed', trimmed, 'history_trimmed'],
  ]
  for (const [what, cursor, reason] of cases) {
    const asked = Object.entries(WAYS).map(async ([way, resume]) => {
      // What is missing before a message that was just trimmed may be none: it is known by its successor.
      t.equal(await resume(t, url, cursor), reason, `${way}: ${what}`)
    })
    await Promise.all(asked)
  }
  for (const cursor of ['a\r\nb', 'a\0b', '\u2028', '\ud83d\ude00'])
    for (const path of ['/channels/kept/events?timeout=0.1', '/channels/kept/messages?limit=1']) {
      const answer = await fetch(`${url}${path}&after=${encode(cursor)}`)
      t.equal(answer.status, 200)
      t.match(await answer.text(), /cursor_unknown/, `${path}: characters that no cursor has`)
    }

  await until(async () => (await redis.cli('PUBSUB', 'CHANNELS', '[kon]*')) === '', 'nothing stays subscribed')
  const keys = (await redis.cli('KEYS', '*')).split('\n').sort()
  t.ok(
    keys.length === 4 && keys.every(key => /\{(?:kept|other)\}/.test(key)),
    `no key but those of the histories: ${keys}`,
  )
})

t.test('places that are none are refused, and none of them is a stream from the start', async t => {
  const { url } = await build(t, { config: { HISTORY: 'kept' } })
  for (const query of [
    'since=yesterday',
    'since=-1s',
    'since=1e3s',
    'since=2026-99-99T00:00:00Z',
    'since=',
    'last=-1',
    'last=1.5',
    'last=x',
    'last=1e9',
    'last=',
    'since=%00',
    'after=a&after=b',
  ])
    for (const path of ['/channels/kept/events', '/channels/kept/messages', '/events?channel=kept']) {
      const answer = await fetch(`${url}${path}${path.includes('?') ? '&' : '?'}${query}`)
      t.equal(answer.status, 400, `${path} ${query}`)
      t.match(await answer.text(), 'urn:carillon:problem:invalid-request')
    }
  const client = await openWebSocket(t, `${url}/ws`)
  client.send({ type: 'subscribe', channel: 'kept', since: '2026-99-99T00:00:00Z', ref: 1 })
  t.match(JSON.parse((await client.next()).data), { type: 'error', ref: 1, problem: { status: 400 } })
})
