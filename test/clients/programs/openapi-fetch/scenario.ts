// The scenario through openapi-fetch with the types of openapi-typescript.
import assert from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { paths } from './carillon.js'

const { CARILLON_URL = '', CARILLON_TOKEN = '', CHANNEL: channel = '' } = process.env
const client = createClient<paths>({ baseUrl: CARILLON_URL, headers: { authorization: `Bearer ${CARILLON_TOKEN}` } })
const path = { channel }
const post = <Body extends string | Uint8Array>(body: Body, type: string, query = {}, header = {}) =>
  client.POST('/channels/{channel}', {
    params: { path, query, header },
    headers: { 'content-type': type },
    body,
    bodySerializer: sent => sent,
  })

const text = await post('Grüße, "world"', 'text/plain')
assert.equal(text.data?.channel, channel)
assert.ok(text.data.id)
console.log('text')

assert.ok((await post('{ "price": 42.50 }', 'application/json', { event: 'price' })).data?.id)
console.log('json')

const binary = Buffer.from([0, 255, 128, 10, 34])
assert.ok((await post(binary, 'application/octet-stream')).data?.id)
console.log('bytes')

const first = (await post('once', 'text/plain', {}, { 'idempotency-key': 'retry-1' })).data
const again = (await post('once', 'text/plain', {}, { 'idempotency-key': 'retry-1' })).data
assert.deepEqual([first?.replayed, again?.replayed, again?.id], [undefined, true, first?.id])
console.log('retry')

const messages = [
  { channel, data: 'from a batch' },
  { channel: 'no such name', data: 'nowhere' },
]
const [good, bad] = (await client.POST('/publish', { body: { messages } })).data?.results ?? []
assert.deepEqual([good?.type, good?.channel], [undefined, channel])
assert.deepEqual([bad?.type, bad?.status, bad?.channel], ['urn:carillon:problem:invalid-channel', 400, undefined])
console.log('batch')

const listed = await client.GET('/channels', { params: { query: { counts: true } } })
assert.equal(listed.data?.channels.find(each => each.channel === channel)?.listeners, 1)
console.log('list')

assert.equal((await client.GET('/channels/{channel}/subscribers', { params: { path } })).data?.listeners, 1)
assert.equal((await client.GET('/channels/{channel}', { params: { path } })).data?.history?.length, 5)
console.log('counts')

const read = async (query: { since?: string; after?: string; limit?: number }) =>
  (await client.GET('/channels/{channel}/messages', { params: { path, query } })).data
const page = await read({ since: 'all', limit: 3 })
assert.deepEqual(
  page?.messages.map(({ event, data, encoding }) => [event, data, encoding]),
  [
    [undefined, 'Grüße, "world"', undefined],
    ['price', '{ "price": 42.50 }', undefined],
    [undefined, binary.toString('base64'), 'base64'],
  ],
)
assert.deepEqual([page?.more, page?.gap], [true, undefined])
const rest = await read({ after: page?.next ?? '' })
assert.deepEqual([rest?.more, rest?.messages.map(({ data }) => data)], [false, ['once', 'from a batch']])
console.log('page')

const gap = (await read({ after: 'AAAAAAAAAA' }))?.gap
assert.deepEqual([gap?.reason, gap?.channel], ['cursor_unknown', channel])
console.log('gap')

const body = { channels: [channel], rights: ['subscribe' as const], seconds: 10 }
const ticket = (await client.POST('/tickets', { body })).data
assert.equal(ticket?.seconds, 10)
assert.ok(ticket.urls.events?.includes(ticket.ticket))
console.log('ticket')

const missing = { params: { path: { channel: 'without.history' } } }
const { error: problem } = await client.GET('/channels/{channel}/messages', missing)
assert.deepEqual([problem?.type, problem?.status], ['urn:carillon:problem:no-history', 404])
console.log('problem')

const stream = await client.GET('/channels/{channel}/events', {
  params: { path, query: { since: 'all', limit: 1 } },
  headers: { accept: 'text/event-stream' },
  parseAs: 'stream',
})
let events = ''
for await (const chunk of stream.data ?? []) events += Buffer.from(chunk).toString()
assert.match(events, /^data: Grüße, "world"$/m)
console.log('stream')
