import type { Duplex } from 'node:stream'
import fp from 'fastify-plugin'
import type { Gateway } from '../src/gateway.js'
import type { ProblemType } from '../src/protocol/problem-types.js'
import type { PublishTransport } from '../src/telemetry/counters.js'
import { clientProblem, isAnswered } from './problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace that the request belongs to, where there is tracing. */
    traceId: string | undefined
    /** The problem that it was answered with, if it failed. */
    problem: ProblemType | undefined
    /** Whether a problem is counted as a refused publish; false as soon as the use case counts each message itself. */
    countsPublishes: boolean
  }
  interface FastifyContextConfig {
    /** Machines call it so often that its log lines would be noise. */
    quiet?: boolean
    /** It publishes what comes with the request. */
    publishes?: PublishTransport
  }
}

/** Logs and counts each request when it is over. */
export const requests = fp<{ gateway: Gateway }>(
  async (app, { gateway: { counters, accessLog } }) => {
    // A malformed request never reaches a hook. Embedded in an app, the app answers and counts it.
    if (app.prefix === '')
      app.server.prependListener('clientError', (error: Error & { code?: string }, connection: Duplex) => {
        if (isAnswered(error, connection)) counters.problem(clientProblem(error).type)
      })
    app.decorateRequest('traceId', undefined)
    app.decorateRequest('problem', undefined)
    app.decorateRequest('countsPublishes', true)
    app.addHook('onResponse', (request, reply, done) => {
      const { url: route, config } = request.routeOptions
      if (config?.quiet) return done()
      const { method, id, url, caller, traceId, problem } = request
      const { statusCode: status, elapsedTime: milliseconds } = reply
      counters.request(method, route ?? UNMATCHED, status, milliseconds / 1000)
      if (problem !== undefined) {
        counters.problem(problem)
        if (config?.publishes && request.countsPublishes) counters.refusePublish(config.publishes, problem)
      }
      if (accessLog.wantsRequest(status))
        accessLog.request({
          reqId: id,
          method,
          route,
          url,
          status,
          problem,
          milliseconds,
          traceId,
          caller: caller?.name,
        })
      done()
    })
  },
  { name: 'carillon-requests' },
)

/** Any client can choose the path. */
const UNMATCHED = 'none'
