import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Gateway } from '../src/gateway.js'
import { Problem } from '../src/problems.js'
import { ANY_REQUEST, problemResponses } from './schemas.js'

const live = {
  operationId: 'live',
  tags: ['operation'],
  summary: 'Liveness',
  description: 'The process answers. Never asks Redis: a Redis that is away is no reason to restart a gateway.',
  response: {
    200: Type.Object({ status: Type.Literal('ok') }, { description: 'The process is alive.' }),
    ...problemResponses(...ANY_REQUEST),
  },
}

const ready = {
  operationId: 'ready',
  tags: ['operation'],
  summary: 'Readiness',
  description: 'Redis is connected, and the gateway is not about to stop.',
  response: {
    200: Type.Object({ status: Type.Literal('ready') }, { description: 'Send traffic.' }),
    ...problemResponses(...ANY_REQUEST, 'no-access-rules', 'not-ready'),
  },
}

export const health: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { broker, streams } },
) => {
  app.get('/healthz', { schema: live, config: { access: 'always', quiet: true } }, async () => ({
    status: 'ok' as const,
  }))

  app.get('/readyz', { schema: ready, config: { access: 'public', quiet: true } }, async () => {
    if (streams.draining) throw new Problem('not-ready', 'The gateway is draining.')
    if (broker.unavailable !== undefined) throw new Problem('not-ready', broker.unavailable)
    return { status: 'ready' as const }
  })
}
