import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { callerId } from '../plugins/caller-id.js'
import type { Access } from '../src/access/access.js'
import { requireAllowed } from '../src/access/allows.js'
import { MAX_TICKET_SECONDS } from '../src/access/tickets.js'
import { checker } from '../src/checker.js'
import { mediaType } from '../src/content-type.js'
import type { Gateway } from '../src/gateway.js'
import { requireJson } from '../src/json.js'
import { Problem } from '../src/problems.js'
import { channelTopic, patternTopic } from '../src/topic.js'
import { requireUsable } from './reserved.js'
import { GUARDED_REQUEST, PUBLISH_REQUEST, problemResponses, REQUEST_BODY } from './schemas.js'

const TicketRequest = Type.Object(
  {
    channels: Type.Optional(Type.Array(Type.String(), { maxItems: 100, examples: [['news']] })),
    patterns: Type.Optional(Type.Array(Type.String(), { maxItems: 100, examples: [['chat:*']] })),
    rights: Type.Optional(
      Type.Array(Type.Union([Type.Literal('subscribe'), Type.Literal('publish')]), {
        minItems: 1,
        maxItems: 2,
        uniqueItems: true,
        description: 'What it grants there; only to subscribe by default. To publish is of use on a WebSocket.',
        examples: [['subscribe']],
      }),
    ),
    seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_TICKET_SECONDS,
        description: 'How long it may wait for its use; 30 by default.',
        examples: [30],
      }),
    ),
  },
  { additionalProperties: false },
)

const Ticket = Type.Object(
  {
    ticket: Type.String({ description: 'Goes into the URL as `ticket`; good for one use.' }),
    seconds: Type.Integer({ description: 'How long it may wait for that.', examples: [30] }),
    urls: Type.Object(
      {
        events: Type.Optional(Type.String({ examples: ['/channels/news/events?ticket=…'] })),
        ws: Type.String({ examples: ['/channels/news/ws?ticket=…'] }),
      },
      { description: 'The ticket in the URLs for which it was asked: use one of them.' },
    ),
  },
  { description: 'A ticket.' },
)

const schema = {
  operationId: 'createTicket',
  tags: ['access'],
  summary: 'Get a ticket',
  description:
    'A ticket opens one stream, for the browser’s own `EventSource` and `WebSocket`, which cannot send an Authorization header. It grants no more than whoever asks for it has, and ends with that. It is good for one use within 60 seconds at most, so that what stays of its URL in a log is worth nothing. An `EventSource` that reconnects with the same URL goes on by a cookie that it got at the first use.',
  querystring: Type.Object({}, { additionalProperties: false }),
  [REQUEST_BODY]: {
    description: 'What it shall be good for: at least one channel or pattern.',
    required: true,
    content: { 'application/json': { schema: TicketRequest, example: { channels: ['news'] } } },
  },
  response: {
    201: Ticket,
    ...problemResponses(
      ...GUARDED_REQUEST,
      ...PUBLISH_REQUEST,
      'too-many-subscriptions',
      'invalid-json',
      'invalid-channel',
      'invalid-pattern',
      'reserved-channel',
      'message-too-large',
      'tickets-unavailable',
      'broker-unavailable',
    ),
  },
}

const isTicketRequest = checker(TicketRequest)

export const tickets: FastifyPluginAsyncTypebox<{ access: Access; gateway: Gateway }> = async (
  app,
  { access, gateway: { limits, config } },
) => {
  app.post(
    '/tickets',
    { schema, config: { access: 'known' } },
    async (request, reply): Promise<Static<typeof Ticket>> => {
      if (!access.tickets) throw new Problem('tickets-unavailable')
      const wish = readWish(request.headers['content-type'], request.body as Buffer | undefined) // as plugins/bodies.ts leaves it
      const { channels = [], patterns = [], rights = ['subscribe'], seconds = 30 } = wish
      const topics = [...channels.map(channelTopic), ...patterns.map(patternTopic)]
      if (topics.length === 0) throw new Problem('invalid-request', 'Name at least one channel or pattern.')
      if (topics.length > config.MAX_SUBSCRIPTIONS) throw new Problem('too-many-subscriptions')
      requireUsable(...topics)
      for (const right of rights) requireAllowed(request.caller, right, ...topics)

      // Redis keeps it, whether it is used or not.
      limits.spend(() => `tickets ${callerId(request)}`, 1)
      const names = topics.map(({ name }) => name)
      const rules = Object.fromEntries(rights.map(right => [right, names]))
      const ticket = await access.tickets.issue(request.caller, rules, seconds)
      reply.code(201).header('cache-control', 'no-store')
      return { ticket, seconds, urls: urlsOf(app.prefix, { channels, patterns, rights, ticket }) }
    },
  )
}

function readWish(contentType: string | undefined, body: Buffer = Buffer.alloc(0)): Static<typeof TicketRequest> {
  if (mediaType(contentType) !== 'application/json')
    throw new Problem('unsupported-media-type', 'What a ticket shall be good for is said as application/json.')
  const wish = requireJson(body)
  if (isTicketRequest(wish)) return wish
  throw new Problem(
    'invalid-request',
    `A ticket is asked for by {"channels"?,"patterns"?,"rights"?:["subscribe","publish"],"seconds"?}, for ${MAX_TICKET_SECONDS} seconds at most.`,
  )
}

interface Wish {
  readonly channels: readonly string[]
  readonly patterns: readonly string[]
  readonly rights: readonly string[]
  readonly ticket: string
}

function urlsOf(prefix: string, { channels, patterns, rights, ticket }: Wish): { events?: string; ws: string } {
  const [only] = channels
  const single = only !== undefined && channels.length === 1 && patterns.length === 0
  const query = new URLSearchParams()
  if (!single) for (const channel of channels) query.append('channel', channel)
  for (const pattern of patterns) query.append('pattern', pattern)
  const at = prefix + (single ? `/channels/${only}` : '')
  const ws = `${at}/ws?ticket=${ticket}`
  if (!rights.includes('subscribe')) return { ws }
  query.append('ticket', ticket)
  return { events: `${at}/events?${query}`, ws }
}
