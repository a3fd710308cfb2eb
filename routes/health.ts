import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Gateway } from '../src/gateway.js'
import { Problem } from '../src/protocol/problems.js'
import { ANY_REQUEST, problemResponses } from './problem-responses.js'

const live = {
  operationId: 'getLiveness',
  tags: ['operation'],
  summary: 'Liveness',
  description:
    'The process is alive. It does not check Redis, because an outage of Redis is no reason to restart a gateway.',
  response: {
    200: Type.Object(
      { status: Type.String({ examples: ['ok'] }) },
      { title: 'Liveness', description: 'The process is alive.' },
    ),
    ...problemResponses(...ANY_REQUEST),
  },
}

const ready = {
  operationId: 'getReadiness',
  tags: ['operation'],
  summary: 'Readiness',
  description:
    'Redis is connected, and the gateway is not draining. With `exclude=redis`, the gateway stays ready during an outage of Redis, once it has reached Redis. Use that for load balancers: an outage affects all gateways, and a balancer that removes all of them answers clients with errors instead of keeping their streams open.',
  querystring: Type.Object(
    {
      exclude: Type.Optional(
        Type.Unsafe<'redis'>({
          type: 'string',
          enum: ['redis'],
          examples: ['redis'],
          description: 'What need not be there.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  response: {
    200: Type.Object(
      {
        status: Type.String({ examples: ['ready'] }),
        redis: Type.Optional(
          Type.String({
            examples: ['away'],
            description: '`away`, during an outage of Redis with `exclude=redis`.',
          }),
        ),
      },
      { title: 'Readiness', description: 'Send traffic.' },
    ),
    ...problemResponses(...ANY_REQUEST, 'no-access-rules', 'not-ready'),
  },
}

/** Always the same: no serializer need be compiled, which would be a good part of the time from the start to the first answer. */
const asItIs = (): string => '{"status":"ok"}'

export const health: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { broker, streams } },
) => {
  let wasReady = false

  app.get('/healthz', { schema: live, config: { access: 'always', quiet: true } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').serializer(asItIs).send({ status: 'ok' }),
  )

  app.get('/readyz', { schema: ready, config: { access: 'public', quiet: true } }, async request => {
    if (streams.draining) throw new Problem('not-ready', 'The gateway is draining.')
    if (broker.unavailable === undefined) {
      wasReady = true
      return { status: 'ready' as const }
    }
    // Not at the start: a wrong address or password must not get into service.
    if (request.query.exclude === undefined || !wasReady) throw new Problem('not-ready', broker.unavailable)
    return { status: 'ready' as const, redis: 'away' as const }
  })
}
