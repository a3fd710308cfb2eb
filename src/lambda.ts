import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ConfigError } from './config/config.js'
import { readConfig } from './config/environment.js'
import { type LambdaEvent, normalizeEvent } from './lambda/event.js'
import { invocations, type LambdaAnswer, type LambdaMeta, openForLambda } from './lambda/opened.js'

export type { LambdaAnswer, LambdaEvent }

export interface LambdaOptions {
  /** Where the settings are read; `process.env` by default. */
  environment?: Record<string, string | undefined>
}

export interface LambdaHandler {
  (event: LambdaEvent, context?: object): Promise<LambdaAnswer>
  /** Closes its connections to Redis. For tests: Lambda freezes a function, and ends it without notice. */
  close(): Promise<void>
}

/** The part of Lambda's context object that the gateway uses. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number
}

export interface LambdaStreamHandler {
  (event: LambdaEvent, answer: Writable, context: LambdaContext): Promise<void>
  /** As of `LambdaHandler`. */
  close(): Promise<void>
}

/**
 * The gateway as an AWS Lambda function: all calls but streams. It connects at once, while Lambda initialises the
 * function, and keeps its connections from one invocation to the next.
 * @throws ConfigError
 */
export function createHandler({ environment = process.env }: LambdaOptions = {}): LambdaHandler {
  const opened = openForLambda(readConfig(environment))
  const handle = (event: LambdaEvent, context: object = {}): Promise<LambdaAnswer> =>
    opened.use(app => app.answer(normalizeEvent(event), context))
  return Object.assign(handle, { close: opened.close })
}

/**
 * The gateway as an AWS Lambda function with response streaming (`InvokeMode: RESPONSE_STREAM`): all calls, and streams as
 * Server-Sent Events and NDJSON. A stream ends a second before the function's timeout.
 * @throws ConfigError
 */
export function createStreamHandler({ environment = process.env }: LambdaOptions = {}): LambdaStreamHandler {
  const { awslambda } = globalThis as { awslambda?: AwsLambda } // set by Lambda's runtime
  if (!awslambda) throw new ConfigError('createStreamHandler works only in the Node runtime of AWS Lambda')
  const opened = openForLambda(readConfig(environment))
  const handle = async (event: LambdaEvent, answer: Writable, context: LambdaContext): Promise<void> => {
    const failed = new AbortController()
    answer.once('close', () => failed.abort())
    const invocation = { signal: failed.signal, remainingMs: () => context.getRemainingTimeInMillis() }
    const { meta, stream } = await opened.use(app =>
      invocations.run(invocation, () => app.stream(normalizeEvent(event), context)),
    )
    // Lambda sets these itself. RFC 9110 section 7.6.1
    for (const name of ['connection', 'transfer-encoding']) delete meta.headers[name]
    const body = awslambda.HttpResponseStream.from(answer, meta)
    // A client that leaves is not an error of the function.
    await pipeline(stream, body).catch(() => failed.abort())
  }
  return Object.assign(awslambda.streamifyResponse(handle), { close: opened.close })
}

/** What Lambda's runtime sets as `globalThis.awslambda`. */
interface AwsLambda {
  streamifyResponse(
    handler: (event: LambdaEvent, answer: Writable, context: LambdaContext) => Promise<void>,
  ): (event: LambdaEvent, answer: Writable, context: LambdaContext) => Promise<void>
  HttpResponseStream: { from(answer: Writable, meta: LambdaMeta): Writable }
}
