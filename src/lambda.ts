import { setTimeout as pause } from 'node:timers/promises'
import awsLambdaFastify from '@fastify/aws-lambda'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import carillon, { serverOptions } from './app.js'
import type { Broker } from './brokers/broker.js'
import { createBroker } from './brokers/registry.js'
import { type Config, ConfigError } from './config/config.js'
import { readConfig } from './config/environment.js'
import { createGateway } from './gateway.js'
import { serializers } from './telemetry/server-log.js'

export interface LambdaOptions {
  /** Where the settings are read; `process.env` by default. */
  environment?: Record<string, string | undefined>
}

/** An event of API Gateway (REST or HTTP API) or of a function URL. */
export type LambdaEvent = object

export interface LambdaAnswer {
  statusCode: number
  headers: Record<string, string>
  body: string
  isBase64Encoded?: boolean
  cookies?: string[]
  multiValueHeaders?: Record<string, string[]>
}

export interface LambdaHandler {
  (event: LambdaEvent, context?: object): Promise<LambdaAnswer>
  /** Ends its connections to Redis. For tests: Lambda itself freezes a function, and ends it without a word. */
  close(): Promise<void>
}

/**
 * The gateway as an AWS Lambda function: all calls but streams. It connects at once, while Lambda initialises the
 * function, and keeps its connections from one invocation to the next.
 * @throws ConfigError
 */
export function createHandler({ environment = process.env }: LambdaOptions = {}): LambdaHandler {
  const config = readConfig(environment)
  if (config.REDIS_URL === undefined)
    throw new ConfigError('REDIS_URL is needed: a function hears nobody, and nobody hears it, without a Redis')
  const opening = open(config)
  opening.catch(() => {}) // each invocation reports it
  let lastConfirmedAt = Date.now()

  const handle = async (event: LambdaEvent, context: object = {}): Promise<LambdaAnswer> => {
    const { broker, answer } = await opening
    await awaken(broker, Date.now() - lastConfirmedAt > config.REDIS_TIMEOUT_MS, config.REDIS_TIMEOUT_MS)
    try {
      return await answer(normalizeEvent(event), context)
    } finally {
      lastConfirmedAt = Date.now()
    }
  }
  return Object.assign(handle, {
    async close() {
      const { app } = await opening
      await app.close()
    },
  })
}

interface Opened {
  readonly app: FastifyInstance
  readonly broker: Broker
  readonly answer: (event: object, context: object) => Promise<LambdaAnswer>
}

async function open(config: Config): Promise<Opened> {
  const app = Fastify({
    ...serverOptions(config),
    logger: { level: config.LOG_LEVEL, serializers },
    logController: new LogController({ disableRequestLogging: true }),
  })
  const broker = await createBroker(config, app.log)
  await app.register(carillon, { gateway: createGateway(config, broker, { log: app.log }), withoutSockets: true })
  const handler = awsLambdaFastify<object>(app, {
    // The connections to Redis stay; nothing is waited for.
    callbackWaitsForEmptyEventLoop: false,
    // It would travel in a header of the request.
    decorateRequest: false,
  }) as Opened['answer']
  await app.ready()
  return { app, broker, answer: handler }
}

/**
 * Between two invocations the process is frozen, and its connections may have died without its knowing. A publish that is
 * sent into such a connection has an unknown outcome, so a question goes first; and where there is no connection, there
 * is a moment to make one. Then the request is answered as it is, with 503 if need be.
 */
async function awaken(broker: Broker, hasSlept: boolean, timeout: number): Promise<void> {
  const until = Date.now() + 2 * timeout
  if (hasSlept && broker.unavailable === undefined)
    await Promise.race([
      broker.subscriberCounts([NOBODY]).catch(() => {}), // it has failed, and is being reconnected
      pause(timeout, undefined, { ref: false }),
    ])
  while (broker.unavailable !== undefined && Date.now() < until) await pause(POLL_MS)
}

/** A reserved channel without subscribers. */
const NOBODY = 'carillon:nobody'
const POLL_MS = 5

interface HttpApiEvent {
  version?: string
  rawPath?: string
  rawQueryString?: string
  queryStringParameters?: unknown
  requestContext?: { stage?: string }
}

/**
 * An event of version 2.0 has path and query as they were sent; its table of parameters has repeated ones joined by
 * commas, which nobody can tell from commas. The path of a stage that has a name begins with it.
 */
function normalizeEvent(event: HttpApiEvent): object {
  if (event.version !== '2.0' || event.rawPath === undefined) return event
  const { rawPath, rawQueryString, requestContext } = event
  const stage = `/${requestContext?.stage}/`
  const path = rawPath.startsWith(stage) ? rawPath.slice(stage.length - 1) : rawPath
  return { ...event, rawPath: rawQueryString ? `${path}?${rawQueryString}` : path, queryStringParameters: undefined }
}
