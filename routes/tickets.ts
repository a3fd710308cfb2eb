import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { callerId } from '../plugins/access/caller-id.js'
import { withProxyPrefix } from '../plugins/http/path-prefix.js'
import type { Access } from '../src/access/access.js'
import { requireAllowed } from '../src/access/authorization.js'
import { MAX_TICKET_SECONDS, TICKET_LENGTH } from '../src/access/tickets.js'
import { BrokerUnavailable } from '../src/brokers/broker.js'
import type { Config } from '../src/config/config.js'
import type { Gateway } from '../src/gateway.js'
import { mediaType } from '../src/messages/content-type.js'
import { channelTopic, patternTopic } from '../src/messages/topic.js'
import { requireJson } from '../src/protocol/json.js'
import { describeMemberFault } from '../src/protocol/member-faults.js'
import type { ProblemType } from '../src/protocol/problem-types.js'
import { Problem, tooManySubscriptions } from '../src/protocol/problems.js'
import { lazyValidator } from '../src/support/lazy-validator.js'
import { GUARDED_REQUEST, PUBLISH_REQUEST, problemResponses } from './problem-responses.js'
import { requireUsable } from './reserved.js'
import { REQUEST_BODY } from './schemas.js'

const TicketRequest = Type.Object(
  {
    channels: Type.Optional(Type.Array(Type.String(), { maxItems: 100, examples: [['news']] })),
    patterns: Type.Optional(Type.Array(Type.String(), { maxItems: 100, examples: [['chat:*']] })),
    rights: Type.Optional(
      Type.Array(Type.Union([Type.Literal('subscribe'), Type.Literal('publish')]), {
        minItems: 1,
        maxItems: 2,
        description: 'What it grants there; only to subscribe by default. To publish is of use on a WebSocket.',
        examples: [['subscribe']],
      }),
    ),
    seconds: Type.Optional(
      Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: MAX_TICKET_SECONDS,
        description: 'How long it may wait for its use; 30 by default.',
        examples: [30],
      }),
    ),
  },
  // `{}` names nothing; `channels` or `patterns` is required, which a schema that generators understand cannot say.
  { title: 'TicketRequest', additionalProperties: false, minProperties: 1 },
)

const Ticket = Type.Object(
  {
    ticket: Type.String({ description: 'Goes into the URL as `ticket`; good for one use.' }),
    seconds: Type.Integer({ format: 'int32', description: 'How long it may wait for that.', examples: [30] }),
    urls: Type.Object(
      {
        events: Type.Optional(Type.String({ examples: ['/channels/news/events?ticket=…'] })),
        ws: Type.String({ examples: ['/channels/news/ws?ticket=…'] }),
      },
      {
        title: 'TicketUrls',
        description:
          'The ticket in the URLs for which it was asked, as paths at the host of the gateway: use one of them. A path prefix that a trusted proxy removed stands in front (`X-Forwarded-Prefix`).',
      },
    ),
  },
  { title: 'Ticket', description: 'A ticket.' },
)

const schema = {
  operationId: 'createTicket',
  tags: ['access'],
  summary: 'Get a ticket',
  description:
    'A ticket opens one stream, for the browser’s own `EventSource` and `WebSocket`, which cannot send an Authorization header. It grants no more than whoever asks for it has, and ends with that. It is good for one use within 60 seconds at most, so that what stays of its URL in a log is worth nothing. An `EventSource` that reconnects with the same URL goes on by a cookie that it got at the first use.',
  querystring: Type.Object({}, { additionalProperties: false }),
  [REQUEST_BODY]: {
    description: 'What the ticket is for: at least one channel or pattern.',
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

const isTicketRequest = lazyValidator(TicketRequest)

export const tickets: FastifyPluginAsyncTypebox<{ access: Access; gateway: Gateway }> = async (
  app,
  { access, gateway: { limits, config, counters } },
) => {
  app.post(
    '/tickets',
    {
      schema,
      config: { access: 'known' },
      onError: async (_request, _reply, error) => {
        counters.ticket(error instanceof Problem ? error.type : brokerProblem(error))
      },
    },
    async (request, reply): Promise<Static<typeof Ticket>> => {
      if (!access.tickets) throw new Problem('tickets-unavailable')
      const asked = readTicketRequest(request.headers['content-type'], request.body as Buffer | undefined) // as plugins/http/bodies.ts leaves it
      const { channels = [], patterns = [], rights = ['subscribe'], seconds = 30 } = asked
      const topics = [...channels.map(channelTopic), ...patterns.map(patternTopic)]
      if (topics.length === 0)
        throw new Problem(
          'invalid-request',
          'The ticket request must name at least one channel or pattern, for example {"channels":["news"]}.',
        )
      if (topics.length > config.MAX_SUBSCRIPTIONS) throw tooManySubscriptions(topics.length, config.MAX_SUBSCRIPTIONS)
      requireUsable(...topics)
      for (const right of rights) requireAllowed(request.caller, right, ...topics)

      const names = topics.map(({ name }) => name)
      const urls = urlsOf(withProxyPrefix(request, app.prefix), { channels, patterns, rights })
      requireSmall(names, urls, config)
      // Redis keeps it, whether it is used or not.
      const rate = limits.spendTicket(callerId(request), { isKey: request.caller.by === 'key' })
      const rules = Object.fromEntries(rights.map(right => [right, names]))
      const ticket = await access.tickets.issue(request.caller, rules, seconds)
      counters.ticket('issued')
      reply.code(201).headers({ ...rate, 'cache-control': 'no-store' })
      const { events, ws } = urls
      return { ticket, seconds, urls: { ws: ws + ticket, ...(events !== undefined && { events: events + ticket }) } }
    },
  )
}

const brokerProblem = (error: Error): ProblemType =>
  error instanceof BrokerUnavailable ? 'broker-unavailable' : 'internal-error'

/**
 * The stored form of a ticket is bounded. Its URL fits into the head of a request, with room for the other fields.
 * @throws Problem `invalid-request`
 */
function requireSmall(names: readonly string[], { events = '' }: Urls, { MAX_HEADER_BYTES }: Config): void {
  const bytes = names.reduce((sum, name) => sum + name.length, 0)
  if (bytes > MAX_NAMES_BYTES)
    throw new Problem(
      'invalid-request',
      `The channels and patterns have ${bytes} bytes together; a ticket takes at most ${MAX_NAMES_BYTES}. ${FEWER}`,
    )
  const urlBytes = events.length + TICKET_LENGTH
  const most = MAX_HEADER_BYTES - Math.min(OTHER_FIELDS_BYTES, MAX_HEADER_BYTES / 2)
  if (urlBytes > most)
    throw new Problem(
      'invalid-request',
      `The URL for these channels and patterns would have ${urlBytes} bytes; with MAX_HEADER_BYTES=${MAX_HEADER_BYTES} it may have ${most}, as other headers need room too. ${FEWER}`,
    )
}

const FEWER = 'Name fewer of them, or a pattern that covers several.'
const MAX_NAMES_BYTES = 8192
/** Cookies, for example. */
const OTHER_FIELDS_BYTES = 4096

function readTicketRequest(
  contentType: string | undefined,
  body: Buffer = Buffer.alloc(0),
): Static<typeof TicketRequest> {
  if (mediaType(contentType) !== 'application/json')
    throw new Problem('unsupported-media-type', 'Content-Type must be application/json.')
  const asked = requireJson(body)
  if (isTicketRequest(asked)) return asked
  throw new Problem('invalid-request', describeMemberFault(TicketRequest, asked, 'The ticket request'))
}

interface TicketScope {
  readonly channels: readonly string[]
  readonly patterns: readonly string[]
  readonly rights: readonly string[]
}

interface Urls {
  readonly events?: string
  readonly ws: string
}

/** The ticket goes to the end of them. */
function urlsOf(prefix: string, { channels, patterns, rights }: TicketScope): Urls {
  const [only] = channels
  const single = only !== undefined && channels.length === 1 && patterns.length === 0
  const query = new URLSearchParams()
  if (!single) for (const channel of channels) query.append('channel', channel)
  for (const pattern of patterns) query.append('pattern', pattern)
  const at = prefix + (single ? `/channels/${only}` : '')
  const ws = `${at}/ws?ticket=`
  if (!rights.includes('subscribe')) return { ws }
  query.append('ticket', '')
  return { events: `${at}/events?${query}`, ws }
}
