import { AsyncLocalStorage } from 'node:async_hooks'
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type TextMapGetter, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Publication } from '../messages/message.js'
import type { PublishResult } from '../protocol/publish-result.js'
import { packageVersion } from '../support/package.js'

/*
 * Tracing by OpenTelemetry: a span for each request, and one for each trip of publications to Redis
 * below it. Loaded by the process alone, and only where it is turned on. Nothing global is set: an
 * app around the gateway has tracing of its own.
 */

export interface TracingSettings {
  /** The OTLP endpoint, without `/v1/traces`. */
  readonly endpoint: string
  readonly service: string
  /** Share of the traces that begin here that is sent. */
  readonly ratio: number
}

/** The calls of a broker that are traced. */
interface Publishing {
  publish(publications: readonly Publication[]): Promise<PublishResult[]>
}

export interface Tracing {
  /** To be registered before the gateway. */
  readonly plugin: (app: FastifyInstance) => Promise<void>
  /** The same broker, with a span for each trip with publications. */
  trace<Traced extends Publishing>(broker: Traced): Traced
}

export function createTracing({ endpoint, service, ratio }: TracingSettings): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': packageVersion() }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, scheduledDelayMillis: DELAY_MS, exportTimeoutMillis: EXPORT_TIMEOUT_MS }),
    ],
  })
  const tracer = provider.getTracer('carillon', packageVersion())
  /** The span of the request whose handler runs. */
  const current = new AsyncLocalStorage<Span>()
  const spans = new WeakMap<FastifyRequest, Span>()

  const plugin = async (app: FastifyInstance): Promise<void> => {
    app.addHook('onRequest', (request, reply, done) => {
      const { url: route, config } = request.routeOptions
      if (config?.quiet) return done()
      const parent = PROPAGATOR.extract(ROOT_CONTEXT, request.headers, GETTER)
      const { method } = request
      const attributes = {
        'http.request.method': method,
        'url.scheme': request.protocol,
        'url.path': request.url.split('?', 1)[0] ?? '', // what is behind it may hold a ticket
        'network.protocol.version': request.raw.httpVersion,
        ...(route !== undefined && { 'http.route': route }),
      }
      const name = route === undefined ? method : `${method} ${route}`
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
      spans.set(request, span)
      const { traceId } = span.spanContext()
      request.traceId = traceId
      request.log = request.log.child({ traceId })
      // A client that leaves, and a WebSocket that opens, get no answer that would end it.
      reply.raw.once('close', () => span.isRecording() && span.end())
      done()
    })

    // Not earlier: a body that is read in between would lose it.
    app.addHook('preHandler', (request, _reply, done) => {
      const span = spans.get(request)
      if (!span) return done()
      current.run(span, done)
      if (request.ws) span.end() // it lasts for hours, and what comes over it are no parts of one request
    })

    app.addHook('onResponse', (request, reply, done) => {
      const span = spans.get(request)
      if (span?.isRecording()) {
        span.setAttribute('http.response.status_code', reply.statusCode)
        if (reply.statusCode >= 500) {
          span.setAttribute('error.type', String(reply.statusCode))
          span.setStatus({ code: SpanStatusCode.ERROR })
        }
        span.end()
      }
      done()
    })

    app.addHook('onClose', () =>
      provider.shutdown().catch(error => app.log.warn({ err: error }, 'traces were not sent')),
    )
  }

  const traceBroker = <Traced extends Publishing>(broker: Traced): Traced => {
    const publish = broker.publish.bind(broker)
    broker.publish = async publications => {
      const parent = current.getStore()
      const context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT
      const [first] = publications
      const attributes = {
        'messaging.system': 'redis',
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        ...(publications.length === 1 && first
          ? { 'messaging.destination.name': first.channel, 'messaging.message.body.size': first.data.length }
          : { 'messaging.batch.message_count': publications.length }),
      }
      const span = tracer.startSpan('publish', { kind: SpanKind.PRODUCER, attributes }, context)
      const results = await publish(publications)
      const failed = results.find(result => 'problem' in result)
      if (failed && 'problem' in failed) {
        span.setAttribute('error.type', failed.problem)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
      return results
    }
    return broker
  }

  return { plugin: fp(plugin, { name: 'carillon-tracing' }), trace: traceBroker }
}

/** W3C Trace Context: a malformed header is ignored. */
const PROPAGATOR = new W3CTraceContextPropagator()

const GETTER: TextMapGetter<Record<string, string | string[] | undefined>> = {
  keys: headers => Object.keys(headers),
  get: (headers, name) => headers[name],
}

/** A stop waits for what is not sent yet, and not longer than requests in flight may take. */
const EXPORT_TIMEOUT_MS = 1000
const DELAY_MS = 2000
