// The scenario through the client of @hey-api/openapi-ts.
import assert from 'node:assert/strict'
import { client } from './carillon/client.gen.js'
import {
  countSubscribers,
  createTicket,
  describeChannel,
  listChannels,
  publish,
  publishBatch,
  readMessages,
  streamChannel,
} from './carillon/index.js'

const { CARILLON_URL = '', CARILLON_TOKEN = '', CHANNEL: channel = '' } = process.env
client.setConfig({ baseUrl: CARILLON_URL, auth: CARILLON_TOKEN })
const path = { channel }

const text = await publish({ path, body: 'Grüße, "world"' })
assert.equal(text.data?.channel, channel)
assert.ok(text.data.id)
console.log('text')

// The generator takes text only: JSON is sent as text, and bytes through a batch as base64.
assert.ok((await publish({ path, query: { event: 'price' }, body: '{ "price": 42.50 }' })).data?.id)
console.log('json')

const binary = Buffer.from([0, 255, 128, 10, 34]).toString('base64')
const bytes = await publishBatch({ body: { messages: [{ channel, data: binary, encoding: 'base64' }] } })
assert.deepEqual(
  bytes.data?.results.map(({ type }) => type),
  [undefined],
)
console.log('bytes')

const headers = { 'idempotency-key': 'retry-1' }
const first = (await publish({ path, headers, body: 'once' })).data
const again = (await publish({ path, headers, body: 'once' })).data
assert.deepEqual([first?.replayed, again?.replayed, again?.id], [undefined, true, first?.id])
console.log('retry')

const messages = [
  { channel, data: 'from a batch' },
  { channel: 'no such name', data: 'nowhere' },
]
const [good, bad] = (await publishBatch({ body: { messages } })).data?.results ?? []
assert.deepEqual([good?.type, good?.channel], [undefined, channel])
assert.deepEqual([bad?.type, bad?.status, bad?.channel], ['urn:carillon:problem:invalid-channel', 400, undefined])
console.log('batch')

const listed = await listChannels({ query: { counts: true } })
assert.equal(listed.data?.channels.find(each => each.channel === channel)?.listeners, 1)
console.log('list')

assert.equal((await countSubscribers({ path })).data?.listeners, 1)
assert.equal((await describeChannel({ path })).data?.history?.length, 5)
console.log('counts')

const page = (await readMessages({ path, query: { since: 'all', limit: 3 } })).data
assert.deepEqual(
  page?.messages.map(({ event, data, encoding }) => [event, data, encoding]),
  [
    [undefined, 'Grüße, "world"', undefined],
    ['price', '{ "price": 42.50 }', undefined],
    [undefined, binary, 'base64'],
  ],
)
assert.deepEqual([page?.more, page?.gap], [true, undefined])
const rest = (await readMessages({ path, query: { after: page?.next ?? '' } })).data
assert.deepEqual([rest?.more, rest?.messages.map(({ data }) => data)], [false, ['once', 'from a batch']])
console.log('page')

const gap = (await readMessages({ path, query: { after: 'AAAAAAAAAA' } })).data?.gap
assert.deepEqual([gap?.reason, gap?.channel], ['cursor_unknown', channel])
console.log('gap')

const ticket = (await createTicket({ body: { channels: [channel], rights: ['subscribe'], seconds: 10 } })).data
assert.equal(ticket?.seconds, 10)
assert.ok(ticket.urls.events?.includes(ticket.ticket))
console.log('ticket')

const { error: problem } = await readMessages({ path: { channel: 'without.history' } })
assert.deepEqual([problem?.type, problem?.status], ['urn:carillon:problem:no-history', 404])
console.log('problem')

// This generator knows Server-Sent Events. It parses data that is JSON.
const { stream } = await streamChannel({ path, query: { since: 'all', limit: 2 } })
const received: unknown[] = []
for await (const data of stream) received.push(data)
assert.deepEqual(received, ['Grüße, "world"', { price: 42.5 }])
console.log('stream')
