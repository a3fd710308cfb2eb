import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { openWebSocket } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number }
}

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  status: { code?: number }
  attributes: Attribute[]
}

/** What a collector of traces takes: OTLP over HTTP, as JSON. */
async function startCollector(t: Test) {
  const spans: Span[] = []
  const services = new Set<string | undefined>()
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.url === '/v1/traces') {
      for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans) {
        services.add(attribute(resource, 'service.name'))
        for (const scope of scopeSpans) spans.push(...scope.spans)
      }
    }
    response.setHeader('content-type', 'application/json').end('{}')
  })
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return { url: `http://127.0.0.1:${port}`, spans, services }
}

function attribute({ attributes }: { attributes: Attribute[] }, name: string): string | undefined {
  const value = attributes.find(({ key }) => key === name)?.value
  return value && String(value.stringValue ?? value.intValue)
}

t.test('a request and its way to Redis are spans of the trace that the caller began', async t => {
  const collector = await startCollector(t)
  const redis = await startRedis(t)
  const gateway = await startGateway(t, {
    REDIS_URL: redis.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: 'bells',
    LOG_REQUESTS: 'all',
    DRAIN_DELAY_SECONDS: '0',
  })
  const publish = (channel: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/channels/${channel}?event=price`, { method: 'POST', body: 'hello', headers })
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  await publish('news', { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
  await publish('quiet', { traceparent: '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' })
  for (const [i, malformed] of MALFORMED.entries()) await publish(`bad-${i}`, { traceparent: malformed })
  await fetch(`${gateway.url}/no/such/path`)
  await fetch(`${gateway.url}/healthz`)
  const socket = await openWebSocket(t, `${gateway.url}/channels/socket/ws`)
  socket.socket.send('over a WebSocket')
  await socket.next()
  t.equal(await gateway.stop('SIGTERM'), 0)

  const server = (path: string) => collector.spans.find(span => attribute(span, 'url.path') === path)
  const producer = (channel: string) =>
    collector.spans.find(span => attribute(span, 'messaging.destination.name') === channel)
  await until(() => server('/no/such/path') !== undefined, 'the spans were sent before the end')
  t.same([...collector.services], ['bells'])
  const request = server('/channels/news')
  t.match(request, { traceId, parentSpanId: 'b7ad6b7169203331', name: 'POST /channels/:channel', kind: 2 })
  t.equal(request && attribute(request, 'http.response.status_code'), '200')
  t.match(producer('news'), { traceId, parentSpanId: request?.spanId, name: 'publish', kind: 4 })
  t.match(gateway.output(), `"traceId":"${traceId}"`, 'the line in the log names it')

  t.equal(server('/channels/quiet'), undefined, 'a caller that does not keep its trace decides for us too')
  for (const i of MALFORMED.keys()) {
    const span = server(`/channels/bad-${i}`)
    t.ok(span && !span.parentSpanId && span.traceId !== traceId, `a trace of its own after ${MALFORMED[i]}`)
    t.equal(producer(`bad-${i}`)?.traceId, span?.traceId)
  }
  t.match(server('/no/such/path'), { name: 'GET' })
  t.equal(server('/healthz'), undefined)
  t.ok(server('/channels/socket/ws'), 'a WebSocket is told when it opens')
  t.notOk(producer('socket')?.parentSpanId, 'what is published over it begins a trace')
})

t.test('a collector that is away holds up neither a request nor the end', async t => {
  const gateway = await startGateway(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', DRAIN_DELAY_SECONDS: '0' })
  const response = await fetch(`${gateway.url}/channels/news`, { method: 'POST', body: 'x' })
  t.equal(response.status, 200)
  t.equal(await gateway.stop('SIGTERM'), 0, gateway.output())
})

/** W3C Trace Context, section 3.2.2. */
const MALFORMED = [
  'nonsense',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
]
