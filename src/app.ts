import type { Server } from 'node:http'
import type { FastifyHttpOptions, FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { accessControl } from '../plugins/access/access.js'
import { answerUnrouted, origins } from '../plugins/access/origins.js'
import { compilers } from '../plugins/compilers.js'
import { bodies } from '../plugins/http/bodies.js'
import { halfClose } from '../plugins/http/half-close.js'
import { pipelining } from '../plugins/http/pipelining.js'
import { queryMethod } from '../plugins/http/query-method.js'
import { requestHead } from '../plugins/http/request-head.js'
import { requestIds } from '../plugins/http/request-ids.js'
import { securityHeaders } from '../plugins/http/security-headers.js'
import { load } from '../plugins/load.js'
import { parameters } from '../plugins/parameters.js'
import { answerClientError, problems } from '../plugins/problems.js'
import { requests } from '../plugins/requests.js'
import { sse } from '../plugins/streams/sse.js'
import { webSocket } from '../plugins/streams/web-socket.js'
import { withoutSockets } from '../plugins/streams/without-sockets.js'
import { deleteHistory } from '../routes/channels/delete-history.js'
import { describeChannel } from '../routes/channels/describe.js'
import { events } from '../routes/channels/events.js'
import { list } from '../routes/channels/list.js'
import { messages } from '../routes/channels/messages.js'
import { publish } from '../routes/channels/publish.js'
import { subscribers } from '../routes/channels/subscribers.js'
import { channelWebSocket } from '../routes/channels/web-socket.js'
import { manyEvents } from '../routes/events.js'
import { health } from '../routes/health.js'
import { metrics } from '../routes/metrics.js'
import { asyncapi } from '../routes/pages/asyncapi.js'
import { client } from '../routes/pages/client.js'
import { console } from '../routes/pages/console.js'
import { docs } from '../routes/pages/docs.js'
import { openapi } from '../routes/pages/openapi.js'
import { root } from '../routes/pages/root.js'
import { publishBatch } from '../routes/publish-batch.js'
import { components } from '../routes/schemas.js'
import { tickets } from '../routes/tickets.js'
import { TRANSPORT_LABELS } from '../routes/transports/index.js'
import { multiplexedWebSocket } from '../routes/web-socket.js'
import type { Caller } from './access/caller.js'
import { createAccess } from './access/create-access.js'
import { accessMode } from './access/mode.js'
import type { Config } from './config/config.js'
import type { Gateway } from './gateway.js'
import { type GatewayOptions, openGateway } from './open-gateway.js'
import { withCleanErrors } from './telemetry/logger.js'

export interface CarillonOptions extends GatewayOptions {
  /** A gateway that was opened before, by `openGateway`; it has its own settings and its own Redis. */
  gateway?: Gateway
  /** Authenticates requests in an app with its own rules, instead of keys, tokens and tickets. Throws to refuse a request. */
  authenticate?: (request: FastifyRequest) => Caller | Promise<Caller>
  /** Requests come by `inject` alone, as on Lambda: none is local, there is no WebSocket, and a stream needs an `invocation`. */
  withoutSockets?: boolean
}

/**
 * The gateway as a Fastify plugin: everything there is, in order, in sight.
 *
 * Under a prefix it is embedded in the app. Its hooks, body parsers, error and not-found handlers apply to its own paths,
 * and on the server it handles only WebSocket upgrades to these. Without a prefix it takes the whole server.
 */
const carillon: FastifyPluginAsync<CarillonOptions> = async (app, options) => {
  requireHost(app)
  const gateway = options.gateway ?? (await openGateway({ log: app.log, ...options }))
  const { config } = gateway
  for (const transport of TRANSPORT_LABELS) gateway.counters.addTransport(transport)
  app.addHook('preClose', async () => gateway.streams.close())
  // While it drains, proxies let go of its connections with each answer: few are left for a request to meet their end.
  app.addHook('onRequest', (_request, reply, done) => {
    if (gateway.streams.draining) reply.header('connection', 'close')
    done()
  })
  app.addHook('onClose', () => gateway.close())
  // Only the app could restore its own caller from a ticket, and check that its rights are still valid.
  const ephemeralStore = options.authenticate ? undefined : gateway.broker.ephemeralStore
  const access = await createAccess(config, { log: withCleanErrors(app.log), ephemeralStore })
  app.addHook('onClose', async () => access.close())

  // The document of the app around it, where there is one, is about that app: the gateway has its own.
  if (app.prefix !== '')
    app.addHook('onRoute', route => {
      route.schema = Object.assign({}, route.schema, { hide: true })
    })

  await app.register(requests, { gateway })
  await app.register(compilers, { shared: components })
  await app.register(securityHeaders)
  await app.register(problems)
  await app.register(requestHead, { maxParameters: config.MAX_SUBSCRIPTIONS + OTHER_PARAMETERS })
  await app.register(parameters)
  await app.register(queryMethod)
  await app.register(pipelining)
  await app.register(halfClose)
  const local = access.mode === 'local' && !options.authenticate
  await app.register(origins, { allowed: config.ALLOWED_ORIGINS ?? '', local, headers: config.ALLOWED_HEADERS })
  await app.register(accessControl, {
    access,
    cookieName: config.JWT_COOKIE,
    retryMs: config.RETRY_MS,
    ...(options.withoutSockets && { withoutSockets: true }),
    ...(options.authenticate && { authenticate: options.authenticate }),
  })
  await app.register(load, { limits: gateway.limits, config })
  await app.register(bodies, { maxMessageBytes: config.MAX_MESSAGE_BYTES })
  await app.register(sse)
  await app.register(webSocket, { maxMessageBytes: config.MAX_MESSAGE_BYTES })
  if (options.withoutSockets)
    await app.register(withoutSockets, { canStream: request => request.invocation !== undefined })

  await app.register(publish, { gateway })
  await app.register(events, { gateway })
  await app.register(messages, { gateway })
  await app.register(channelWebSocket, { gateway })
  await app.register(list, { gateway })
  await app.register(subscribers, { gateway })
  await app.register(describeChannel, { gateway })
  await app.register(deleteHistory, { gateway })
  await app.register(publishBatch, { gateway })
  await app.register(manyEvents, { gateway })
  await app.register(multiplexedWebSocket, { gateway })
  await app.register(tickets, { access, gateway })
  await app.register(root, {
    docs: config.DOCS,
    console: config.CONSOLE,
    isPublic: page => access.publicPages.has(page),
  })
  await app.register(health, { gateway })
  await app.register(metrics, { gateway })
  await app.register(openapi)
  await app.register(asyncapi)
  if (config.DOCS) await app.register(docs)
  await app.register(client)
  if (config.CONSOLE) await app.register(console)
  if (config.UPSTASH) {
    const { upstash } = await import('../routes/upstash/upstash.js') // not loaded where it is off
    await app.register(upstash, { gateway })
  }
}

export default carillon

/** Room in a query for parameters beside the channels and patterns of a stream. */
const OTHER_PARAMETERS = 20

/** @throws Error where streams cannot work at all; warns where some channels cannot. */
function requireHost({ initialConfig, log, prefix }: FastifyInstance): void {
  if (initialConfig.http2) throw new Error('Carillon needs HTTP/1.1: its streams have a connection of their own')
  const { maxParamLength = 100 } = initialConfig.routerOptions ?? {}
  if (maxParamLength < MAX_CHANNEL_LENGTH)
    log.warn(
      { prefix, maxParamLength },
      `Channel names over ${maxParamLength} characters are refused: give Fastify routerOptions.maxParamLength ${MAX_CHANNEL_LENGTH} or more`,
    )
}

/** As `CHANNEL_PATTERN` has it. */
const MAX_CHANNEL_LENGTH = 128

/** Options of the server around the plugin. Fastify accepts them only when it is created. */
export const serverOptions = (config: Config): FastifyHttpOptions<Server> => ({
  bodyLimit: config.MAX_MESSAGE_BYTES,
  // Slow uploads and slow headers end the connection; streams are answers, not requests, and not concerned.
  requestTimeout: config.REQUEST_TIMEOUT_SECONDS * 1000,
  // For an answer that is not read, or never sent. Longer than a long poll. Streams have their own limits.
  connectionTimeout: Math.max(90_000, config.REQUEST_TIMEOUT_SECONDS * 1000),
  keepAliveTimeout: config.KEEP_ALIVE_SECONDS * 1000,
  http: {
    headersTimeout: config.REQUEST_TIMEOUT_SECONDS * 1000,
    // A look at the oldest requests that are still arriving. On shutdown it has to come in time: see `endConnections`.
    connectionsCheckingInterval: Math.min(500, config.REQUEST_TIMEOUT_SECONDS * 1000),
    maxHeaderSize: config.MAX_HEADER_BYTES,
    requireHostHeader: false,
  },
  ...(config.TRUST_PROXY !== undefined && { trustProxy: trustedProxies(config.TRUST_PROXY) }),
  routerOptions: { maxParamLength: 8192, ignoreTrailingSlash: true },
  frameworkErrors: answerUnrouted(config.ALLOWED_ORIGINS ?? '', accessMode(config) === 'local'),
  clientErrorHandler: answerClientError,
  forceCloseConnections: 'idle',
  // Clients cannot choose or guess it, and you can find the log line by it.
  genReqId: requestIds(),
})

/** Addresses, or a number of hops in front of the gateway. Entries that a client forged are further away. */
const trustedProxies = (text: string): string | ((address: string, hop: number) => boolean) =>
  /^\d+$/.test(text) ? (_address, hop) => hop < Number(text) : text
