// The scenario through the client of openapi-generator's typescript-fetch.
import assert from 'node:assert/strict'
import {
  AccessApi,
  Configuration,
  HistoryApi,
  IntrospectionApi,
  ProblemFromJSON,
  PublishApi,
  ResponseError,
  StreamApi,
} from './carillon/index.js'

const { CARILLON_URL = '', CARILLON_TOKEN = '', CHANNEL: channel = '' } = process.env
const configuration = new Configuration({ basePath: CARILLON_URL, accessToken: CARILLON_TOKEN })
const publishing = new PublishApi(configuration)
const history = new HistoryApi(configuration)
const introspection = new IntrospectionApi(configuration)

const text = await publishing.publish({ channel, body: 'Grüße, "world"' })
assert.equal(text.channel, channel)
assert.ok(text.id)
console.log('text')

// The generator takes text only: JSON is sent as text, and bytes through a batch as base64.
assert.ok((await publishing.publish({ channel, event: 'price', body: '{ "price": 42.50 }' })).id)
console.log('json')

const binary = Buffer.from([0, 255, 128, 10, 34]).toString('base64')
const { results } = await publishing.publishBatch({
  batch: { messages: [{ channel, data: binary, encoding: 'base64' }] },
})
assert.equal(results[0]?.type, undefined)
console.log('bytes')

const first = await publishing.publish({ channel, idempotencyKey: 'retry-1', body: 'once' })
const again = await publishing.publish({ channel, idempotencyKey: 'retry-1', body: 'once' })
assert.deepEqual([first.replayed, again.replayed, again.id], [undefined, true, first.id])
console.log('retry')

const messages = [
  { channel, data: 'from a batch' },
  { channel: 'no such name', data: 'nowhere' },
]
const [good, bad] = (await publishing.publishBatch({ batch: { messages } })).results
assert.deepEqual([good?.type, good?.channel], [undefined, channel])
assert.deepEqual([bad?.type, bad?.status, bad?.channel], ['urn:carillon:problem:invalid-channel', 400, undefined])
console.log('batch')

const { channels } = await introspection.listChannels({ counts: true })
assert.equal(channels.find(listed => listed.channel === channel)?.listeners, 1)
console.log('list')

assert.equal((await introspection.countSubscribers({ channel })).listeners, 1)
assert.equal((await introspection.describeChannel({ channel })).history?.length, 5)
console.log('counts')

const page = await history.readMessages({ channel, since: 'all', limit: 3 })
assert.deepEqual(
  page.messages.map(({ event, data, encoding }) => [event, data, encoding]),
  [
    [undefined, 'Grüße, "world"', undefined],
    ['price', '{ "price": 42.50 }', undefined],
    [undefined, binary, 'base64'],
  ],
)
assert.deepEqual([page.more, page.gap], [true, undefined])
const rest = await history.readMessages({ channel, after: page.next })
assert.deepEqual([rest.more, rest.messages.map(({ data }) => data)], [false, ['once', 'from a batch']])
console.log('page')

const { gap } = await history.readMessages({ channel, after: 'AAAAAAAAAA' })
assert.deepEqual([gap?.reason, gap?.channel], ['cursor_unknown', channel])
assert.ok(gap && gap.to.getTime() > 0)
console.log('gap')

const ticket = await new AccessApi(configuration).createTicket({
  ticketRequest: { channels: [channel], rights: ['subscribe'], seconds: 10 },
})
assert.equal(ticket.seconds, 10)
assert.ok(ticket.urls.events?.includes(ticket.ticket))
console.log('ticket')

const failure: unknown = await history.readMessages({ channel: 'without.history' }).catch(error => error)
assert.ok(failure instanceof ResponseError)
const problem = ProblemFromJSON(await failure.response.json())
assert.deepEqual([problem.type, problem.status], ['urn:carillon:problem:no-history', 404])
console.log('problem')

const stream = await new StreamApi(configuration).streamChannel({ channel, since: 'all', limit: 1 })
assert.match(stream, /Grüße, /)
console.log('stream')
