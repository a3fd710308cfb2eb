import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Gateway } from '../src/gateway.js'
import { exposition } from '../src/telemetry/exposition.js'
import { GUARDED_REQUEST, problemResponses } from './problem-responses.js'

const schema = {
  operationId: 'getMetrics',
  tags: ['operation'],
  summary: 'Metrics',
  description:
    'Metrics in the text format of Prometheus. They cover all workers, no matter which one answers. `docs/operate.md` lists them.',
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    200: {
      description: 'The metrics of this gateway with all its workers.',
      content: { 'text/plain': { schema: Type.String(), example: 'carillon_streams{transport="sse"} 3\n' } },
    },
    ...problemResponses(...GUARDED_REQUEST),
  },
}

export const metrics: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  app.get('/metrics', { schema, config: { access: 'metrics', quiet: true } }, async (_request, reply) => {
    const { contentType, text } = await exposition(await gateway.gatherMetrics())
    return reply.type(contentType).serializer(String).send(text)
  })
}
