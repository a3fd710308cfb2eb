import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { callerId } from '../plugins/access/caller-id.js'
import { withProxyPrefix } from '../plugins/http/path-prefix.js'
import type { Access } from '../src/access/access.js'
import { requireAllowed } from '../src/access/authorization.js'
import { MAX_TICKET_SECONDS } from '../src/access/tickets.js'
import { BrokerUnavailable } from '../src/brokers/broker.js'
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
import { requireSmall, urlsOf } from './ticket-urls.js'

const TicketRequest = Type.Object(
  {
    channels: Type.Optional(Type.Array(Type.String(), { maxItems: 100, examples: [['news']] })),
    patterns: Type.Optional(Type.Array(Type.String(), { maxItems: 100, examples: [['chat:*']] })),
    rights: Type.Optional(
      Type.Array(Type.Union([Type.Literal('subscribe'), Type.Literal('publish')]), {
        minItems: 1,
        maxItems: 2,
        description: 'The rights that the ticket grants; default: `subscribe`. `publish` is useful on a WebSocket.',
        examples: [['subscribe']],
      }),
    ),
    seconds: Type.Optional(
      Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: MAX_TICKET_SECONDS,
        description: 'How long the ticket is valid before its use; default: 30.',
        examples: [30],
      }),
    ),
  },
  // `{}` names nothing; `channels` or `patterns` is required, which a schema that generators understand cannot say.
  { title: 'TicketRequest', additionalProperties: false, minProperties: 1 },
)

const Ticket = Type.Object(
  {
    ticket: Type.String({ description: 'Goes into the URL as `ticket`. It can be used once.' }),
    seconds: Type.Integer({
      format: 'int32',
      description: 'How long the ticket is valid before its use.',
      examples: [30],
    }),
    urls: Type.Object(
      {
        events: Type.Optional(Type.String({ examples: ['/channels/news/events?ticket=…'] })),
        ws: Type.String({ examples: ['/channels/news/ws?ticket=…'] }),
      },
      {
        title: 'TicketUrls',
        description:
          'URLs with the ticket, as paths on the host of the gateway. Use one of them. They begin with the path prefix that a trusted proxy reports in `X-Forwarded-Prefix`.',
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
    'A single-use ticket opens one stream, for `EventSource` and `WebSocket` in browsers, which cannot send an Authorization header. It has at most the rights of the caller, and ends with them. It is valid for at most 60 seconds and for one use, so its URL in a log is harmless. An `EventSource` that reconnects with the same URL is authenticated by a cookie that it got at the first use.',
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
