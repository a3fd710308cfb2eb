import { AsyncLocalStorage } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import awsLambdaFastify from '@fastify/aws-lambda'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Invocation } from '../../routes/transports/lambda.js'
import carillon, { serverOptions } from '../app.js'
import type { Broker } from '../brokers/broker.js'
import { createBroker } from '../brokers/registry.js'
import { type Config, ConfigError } from '../config/config.js'
import { createGateway } from '../gateway.js'
import { serializers } from '../telemetry/server-log.js'

export interface LambdaAnswer {
  statusCode: number
  headers: Record<string, string>
  body: string
  isBase64Encoded?: boolean
  cookies?: string[]
  multiValueHeaders?: Record<string, string[]>
}

/** The head of an answer. */
export type LambdaMeta = Omit<LambdaAnswer, 'body'>

/** The invocation that a request belongs to, where its answer can be a stream. */
export const invocations = new AsyncLocalStorage<Invocation>()

/** Opens at once, and lets an invocation use it when its connections have been probed. */
export function openForLambda(config: Config) {
  if (config.REDIS_URL === undefined)
    throw new ConfigError('REDIS_URL is required on Lambda: instances of a function share nothing else')
  const opening = open(config)
  opening.catch(() => {}) // each invocation reports it
  let lastConfirmedAt = Date.now()
  return {
    async use<Answer>(invoke: (opened: Opened) => Promise<Answer>): Promise<Answer> {
      const opened = await opening
      await awaken(opened.broker, Date.now() - lastConfirmedAt > config.REDIS_TIMEOUT_MS, config.REDIS_TIMEOUT_MS)
      try {
        return await invoke(opened)
      } finally {
        lastConfirmedAt = Date.now()
      }
    },
    async close() {
      const { app } = await opening
      await app.close()
    },
  }
}

export interface Opened {
  readonly app: FastifyInstance
  readonly broker: Broker
  readonly answer: (event: object, context: object) => Promise<LambdaAnswer>
  readonly stream: (event: object, context: object) => Promise<{ meta: LambdaMeta; stream: Readable }>
}

async function open(config: Config): Promise<Opened> {
  const app = Fastify({
    ...serverOptions(config),
    logger: { level: config.LOG_LEVEL, serializers },
    logController: new LogController({ disableRequestLogging: true }),
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const invocation = invocations.getStore()
    if (invocation) request.invocation = invocation
    done()
  })
  const broker = await createBroker(config, app.log)
  await app.register(carillon, { gateway: createGateway(config, broker, { log: app.log }), withoutSockets: true })
  const options = {
    // The connections to Redis stay open; nothing is waited for.
    callbackWaitsForEmptyEventLoop: false,
    // It would travel in a header of the request.
    decorateRequest: false,
  }
  const answer = awsLambdaFastify<object>(app, options) as Opened['answer']
  // Its types leave out what `payloadAsStream` changes.
  const stream = awsLambdaFastify<object>(app, { ...options, payloadAsStream: true }) as unknown as Opened['stream']
  await app.ready()
  return { app, broker, answer, stream }
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
