import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { BrokerUnavailable, HistoryUnusable } from '../src/brokers/broker.js'
import { toJson } from '../src/messages/json-text.js'
import { PROBLEMS, type ProblemType } from '../src/protocol/problem-types.js'
import { messageTooLarge, Problem } from '../src/protocol/problems.js'
import { endSoon } from '../src/streams/sinks/end-soon.js'
import { cleanError } from '../src/telemetry/clean-error.js'
import { SECURITY_HEADERS } from './http/security-headers.js'
import { MEDIA_TYPE, type ProblemShape, shapeFor } from './problem-shapes.js'
import { isHandedOver } from './streams/upgrades.js'
import { validationProblem } from './validation.js'

/** Every error leaves through here, as RFC 9457 problem details. */
export const problems = fp(
  async app => {
    /** Paths and their methods, to tell "no such path" from "not this method". */
    const methods = new Map<string, Set<string>>()
    app.addHook('onRoute', ({ url, method }) => {
      const known = methods.get(url) ?? new Set()
      for (const name of [method].flat()) known.add(name)
      methods.set(url, known)
    })

    const isEmbedded = app.prefix !== ''
    // RFC 9110 section 10.1.1 leaves it open; Node would refuse with a bare 417.
    if (!isEmbedded)
      app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))

    app.setErrorHandler((error: FastifyError, request, reply) => {
      // Hooks of the app around the gateway run here too. The handler of the app answers their errors.
      if (isEmbedded && isForeign(error)) throw error
      // Fastify requires a content type for some methods before it calls the handler below.
      const isMissing = request.is404 && error.code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE'
      return answer(isMissing ? missing(request) : error, request, reply)
    })
    app.setNotFoundHandler((request, reply) => {
      const allow = allowedAt(request)
      // RFC 9110 section 9.3.7
      if (request.method === 'OPTIONS' && allow !== '')
        return reply.code(204).header('allow', `${allow}, OPTIONS`).send()
      return answer(missing(request), request, reply)
    })

    function missing(request: FastifyRequest): Problem {
      const allow = allowedAt(request)
      return allow === '' ? new Problem('not-found') : new Problem('method-not-allowed', undefined, { allow })
    }

    /** The methods of the path, as the header `Allow` has them. */
    function allowedAt({ url }: FastifyRequest): string {
      const path = (url.split('?', 1)[0] ?? '').replace(/(?<=.)\/$/, '')
      const names = [...methods].filter(([url]) => pathRule(url).test(path)).flatMap(([, names]) => [...names])
      return [...new Set(names)].join(', ')
    }
  },
  { name: 'carillon-problems' },
)

/** So much of a body that is too large is read, and thrown away, for the sake of the connection. */
const MAX_DISCARDED_BYTES = 1024 * 1024

/** Also for errors that Fastify meets before there is a route: `frameworkErrors`. */
export function answer(error: Error, request: FastifyRequest, reply: FastifyReply, given?: ProblemShape): FastifyReply {
  const problem = toProblem(error, request)
  const shape = given ?? shapeFor(problem, request)
  request.problem = problem.type
  // Fastify ends the connection, and what of the body is still on its way would take the answer with it.
  const announced = Number(request.headers['content-length'])
  if (problem.type === 'message-too-large' && announced <= MAX_DISCARDED_BYTES) reply.removeHeader('connection')
  // Failures caused by Redis or a drain are logged once where they happen, not again for each request.
  const level = problem.type === 'internal-error' ? 'error' : 'debug'
  // Fastify puts the whole URL into this error, and its query may contain a ticket.
  if (problem.type === 'bad-url') request.log[level]({ problem: problem.type }, 'request failed')
  else request.log[level]({ err: shown(error.cause ?? error), problem: problem.type }, 'request failed')
  // An upgrade has left Node's HTTP server, which would have ended the connection.
  if (isHandedOver(request.raw)) reply.raw.once('finish', () => endSoon(request.raw.socket))
  return reply
    .code(problem.status)

    .headers({ ...SECURITY_HEADERS, ...shape.headers, ...(problem.status === 503 && SOON), ...problem.headers })
    .type(shape.mediaType)
    .serializer(String)
    .send(shape.text(problem))
}

/** The log may belong to an app around the gateway, which writes all that an error carries. */
const shown = (error: unknown): unknown => (error instanceof Problem ? error : cleanError(error))

/** Temporary failures usually pass within this time. */
const SOON = { 'retry-after': '1' }

/**
 * For what is not even HTTP: the answer goes to the bare connection, and the connection ends. Node calls this for what
 * anybody sends, so it never throws: an error would end the process.
 */
export function answerClientError(error: Error & { code?: string }, connection: Duplex): void {
  try {
    if (!isAnswered(error, connection)) connection.destroy()
    else {
      connection.write(clientErrorAnswer(error))
      endSoon(connection)
    }
  } catch {
    connection.destroy() // it cannot be answered
  }
}

function clientErrorAnswer(error: Error & { code?: string }): string {
  const problem = clientProblem(error)
  const body = toJson(problem)
  const headers = {
    'content-type': MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...SECURITY_HEADERS,
    ...problem.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${PROBLEMS[problem.type][1]}\r\n${lines.join('')}\r\n${body}`
}

/**
 * Whether the client waits for an answer. Proxies and browsers open connections in advance; they would take the answer
 * to silence for that of their next request.
 */
export const isAnswered = ({ code }: { code?: string }, connection: Duplex & { bytesRead?: number }): boolean =>
  connection.writable && code !== 'ECONNRESET' && !(code === 'ERR_HTTP_REQUEST_TIMEOUT' && connection.bytesRead === 0)

/** The problem for each error of Node's HTTP parser. */
export function clientProblem(error: Error & { code?: string }): Problem {
  if (error instanceof Problem) return error
  const known = clientErrors[error.code ?? '']
  if (known) return new Problem(known)
  return new Problem('invalid-request', 'The request is not valid HTTP/1.1 (RFC 9112).')
}

const clientErrors: Record<string, ProblemType> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
}

const frameworkErrors: Record<string, ProblemType> = {
  FST_ERR_BAD_URL: 'bad-url',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
}

/** Neither the gateway's nor Fastify's, and meant for the client. */
export const isForeign = (error: FastifyError): boolean =>
  !(error instanceof Problem) && error.statusCode !== undefined && !error.validation && !error.code?.startsWith('FST_')

function toProblem(error: Error, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error instanceof HistoryUnusable) return new Problem('wrong-key-type', undefined, {}, { cause: error })
  if (error instanceof BrokerUnavailable) return new Problem('broker-unavailable', undefined, {}, { cause: error })
  const { code, statusCode = 500, validation } = error as FastifyError
  if (validation) return validationProblem(error as FastifyError, request)
  // RFC 10008 section 2
  if (code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE')
    return new Problem('unsupported-media-type', 'A QUERY request must have a Content-Type header.')
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge(request)
  const type = frameworkErrors[code]
  if (type) return new Problem(type)
  if (statusCode < 500) return new Problem('invalid-request', error.message)
  return new Problem('internal-error', undefined, {}, { cause: error })
}

function bodyTooLarge({ headers, routeOptions: { bodyLimit, config } }: FastifyRequest): Problem {
  const setting = config.publishes === 'batch' ? 'MAX_BATCH_BYTES' : 'MAX_MESSAGE_BYTES'
  return messageTooLarge(Number(headers['content-length'] ?? Number.NaN), setting, bodyLimit)
}

const rules = new Map<string, RegExp>()

/** `/channels/:channel` as a rule for paths; a star at the end is the rest of a path. */
function pathRule(url: string): RegExp {
  let rule = rules.get(url)
  if (!rule) {
    // Unchecked expression: it is made from the paths of routes, and `[^/]*` ends at each slash.
    rule = new RegExp(
      `^${url
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replace(/:[^/]+/g, '[^/]*')
        .replace(/\\\*$/, '.*')}$`,
    )
    rules.set(url, rule)
  }
  return rule
}
