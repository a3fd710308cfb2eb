import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Registry } from 'prom-client'
import type { Gateway } from '../src/gateway.js'
import { GUARDED_REQUEST, problemResponses } from './schemas.js'

const schema = {
  operationId: 'metrics',
  tags: ['operation'],
  summary: 'Metrics',
  description: 'What Prometheus scrapes, in its text format.',
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    200: {
      description: 'The metrics of this process.',
      content: { 'text/plain': { schema: Type.String(), example: 'carillon_streams 3\n' } },
    },
    ...problemResponses(...GUARDED_REQUEST),
  },
}

export const metrics: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  let registry: Promise<Registry> | undefined
  app.get('/metrics', { schema, config: { access: 'metrics' } }, async (_request, reply) => {
    registry ??= createRegistry(gateway)
    const { contentType, metrics } = await registry.then(async it => ({
      contentType: it.contentType,
      metrics: await it.metrics(),
    }))
    return reply.type(contentType).serializer(String).send(metrics)
  })
}

/** The library is loaded by the first who asks; the numbers were counted from the start. */
async function createRegistry({ counters, streams, hub, broker }: Gateway): Promise<Registry> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  const counter = (name: string, help: string, read: () => ReadonlyMap<string, number>) =>
    new Counter({
      name,
      help,
      registers,
      labelNames: ['reason'],
      collect() {
        this.reset()
        for (const [reason, count] of read()) this.inc({ reason }, count)
      },
    })
  gauge('carillon_streams', 'Streams that are open.', () => streams.size)
  gauge('carillon_topics', 'Channels and patterns to which this gateway is subscribed.', () => hub.size)
  gauge('carillon_broker_up', '1 when the broker can serve, 0 when not.', () =>
    broker.unavailable === undefined ? 1 : 0,
  )
  gauge('carillon_draining', '1 when the gateway is about to stop.', () => (streams.draining ? 1 : 0))
  counter('carillon_gaps_total', 'Gaps announced, one for each topic and loss.', () => counters.gaps)
  counter('carillon_streams_closed_total', 'Streams that have ended, by close reason.', () => counters.closed)
  return registry
}
