import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { callerId } from '../../plugins/access/caller-id.js'
import type { HistoryEntry, HistoryPage } from '../../src/brokers/history.js'
import type { Gateway } from '../../src/gateway.js'
import { currentQuery, type PageQuery } from '../../src/history/catch-up-limiter.js'
import { refusalProblem } from '../../src/limits/limits.js'
import { encodeMark } from '../../src/messages/cursor.js'
import { markOf, UNKNOWN } from '../../src/messages/position.js'
import { channelTopic } from '../../src/messages/topic.js'
import { describeGap, GapData, type GapReason } from '../../src/protocol/gap.js'
import { Problem } from '../../src/protocol/problems.js'
import { poll } from '../../src/streams/long-poll.js'
import { LongPollSink, SIGNALS } from '../../src/streams/long-poll-sink.js'
import { CHANNEL_REQUEST, problemResponses } from '../problem-responses.js'
import { ChannelParams, Encoding } from '../schemas.js'
import { readStartPositions, startQuery } from '../start-position.js'

const MAX_LIMIT = 1000
const MAX_PAGE_BYTES = 1024 * 1024
const MAX_WAIT_SECONDS = 60

const KeptMessage = Type.Object(
  {
    id: Type.String({ examples: ['mVChq83vAQ'] }),
    time: Type.String({ format: 'date-time', description: 'When the message was published, by the clock of Redis.' }),
    event: Type.Optional(Type.String({ examples: ['price'] })),
    data: Type.String({ description: 'The message; always a string.', examples: ['hello'] }),
    encoding: Type.Optional(Encoding),
  },
  { title: 'StoredMessage', description: 'A message of the history.' },
)

const Page = Type.Object(
  {
    messages: Type.Array(KeptMessage, { description: 'Oldest first.' }),
    next: Type.String({ description: 'Pass this as `after` to get the next messages.', examples: ['mVChq83vAQ'] }),
    more: Type.Boolean({ description: 'There are more messages already.' }),
    gap: Type.Optional(Type.Ref(GapData)),
  },
  {
    title: 'MessagePage',
    description: 'Messages of the history. With a `gap`, messages may be missing before the first.',
  },
)

const schema = {
  operationId: 'readMessages',
  tags: ['history'],
  summary: "Read a channel's history",
  description:
    'Pages of the history of the channel, oldest message first. `wait` makes it a long poll: if there is no message yet, it answers when the next one is published, or with an empty page when the time is over. `last=0` answers with an empty page and the current cursor.',
  params: ChannelParams,
  querystring: Type.Object(
    {
      ...startQuery,
      limit: Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: MAX_LIMIT,
        default: 100,
        description: 'Maximum number of messages. A page has fewer if they are large.',
        examples: [100],
      }),
      wait: Type.Number({
        minimum: 0,
        maximum: MAX_WAIT_SECONDS,
        default: 0,
        description: 'Maximum number of seconds to wait for the next message.',
        examples: [30],
      }),
    },
    { additionalProperties: false },
  ),
  response: {
    200: Page,
    ...problemResponses(
      ...CHANNEL_REQUEST,
      'no-history',
      'channel-refused',
      'broker-unavailable',
      'wrong-key-type',
      'too-many-streams',
      'overloaded',
    ),
  },
}

/** Where a client gets history without a stream: a function that cannot hold one. */
export const messages: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  const { broker, hub, streams, limits } = gateway
  app.get(
    '/channels/:channel/messages',
    { schema, config: { access: 'subscribe' } },
    async (request, reply): Promise<Static<typeof Page>> => {
      const { history } = broker
      const topic = channelTopic(request.params.channel)
      if (!history || !hub.hasHistory(topic)) throw new Problem('no-history')
      const { limit, wait } = request.query
      const place = readStartPositions(request, [topic], it => hub.hasHistory(it)).get(topic)
      const lostFrom = place && 'gap' in place ? place.gap : undefined
      const from: PageQuery = lostFrom ? { last: 0 } : place && 'from' in place ? place.from : {}

      reply.header('cache-control', 'no-store')
      const page = await poll(new LongPollSink(), {
        channel: topic.name,
        from,
        read: query => history.read(topic.name, { ...currentQuery(query), limit, maxBytes: MAX_PAGE_BYTES }),
        waitMs: lostFrom || streams.draining ? 0 : wait * 1000,
        listen: sink => {
          const owner = callerId(request)
          // Unlike an `EventSource` its client can take an answer that is an error.
          const refused = limits.streamRefusal(owner)
          if (refused) throw refusalProblem(refused)
          const stream = streams.create({ sink, format: SIGNALS, caller: request.caller, owner })
          reply.raw.once('close', () => stream.close('client_gone'))
          return stream
        },
      })
      const reason = lostFrom ?? (page.continuity === 'whole' ? undefined : REASONS[page.continuity])
      return describe(topic.name, page, reason)
    },
  )
}

const REASONS = { trimmed: 'history_trimmed', reset: 'history_reset' } as const

function describe(channel: string, { entries, newest, more }: HistoryPage, reason?: GapReason): Static<typeof Page> {
  const [first] = entries
  const last = entries.at(-1)?.message.position ?? newest
  return {
    messages: entries.map(describeEntry),
    next: encodeMark(channel, last ? markOf(last) : UNKNOWN),
    more,
    ...(reason && { gap: describeGap({ topic: channelTopic(channel), until: first?.time ?? Date.now(), reason }) }),
  }
}

function describeEntry({ message, time }: HistoryEntry): Static<typeof KeptMessage> {
  const { id = '', event, text, data } = message
  return {
    id,
    time: new Date(time).toISOString(),
    ...(event !== undefined && { event }),
    ...(text === undefined ? { data: data.toString('base64'), encoding: 'base64' } : { data: text }),
  }
}
