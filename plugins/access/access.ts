import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { type Access, PAGES, type Page } from '../../src/access/access.js'
import { refusal, requireAllowed } from '../../src/access/authorization.js'
import { type Caller, OPEN } from '../../src/access/caller.js'
import type { Right } from '../../src/access/grants.js'
import { BrokerUnavailable } from '../../src/brokers/broker.js'
import { channelProblem } from '../../src/messages/names.js'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'
import { nameProblem, Problem } from '../../src/protocol/problems.js'
import { namesType } from '../http/negotiation.js'
import { authenticateRequest, isUpgrade } from './authenticate.js'
import { requireLocal } from './local-only.js'

/**
 * What a route needs:
 *
 * - `always`: nothing, not even access rules. Liveness only.
 * - `public`: no credentials.
 * - `known`: credentials with any rights. The handler asks `requireAllowed(request.caller, right, topic)`.
 * - a right: on the channel in the path. Where the path has none, the right on any channel at all, and the handler asks
 *   for each topic.
 * - a page: public, or the right to inspect all channels, as the settings say.
 */
export type Need = 'always' | 'public' | 'known' | Right | Page

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated client. Set before any handler runs. */
    caller: Caller
  }
  interface FastifyContextConfig {
    /** The access that the route needs. A route without it is not registered. */
    access?: Need
    /** It takes a ticket in its URL. */
    tickets?: boolean
  }
}

export interface AccessPluginOptions {
  readonly access: Access
  /** When an `EventSource` should reconnect after its credentials could not be checked. */
  readonly retryMs: number
  /** The cookie that may hold a token; undefined when none may. */
  readonly cookieName: string | undefined
  /** Authenticates in place of our own rules, in an app that has rules of its own. Throws to refuse a client. */
  readonly authenticate?: (request: FastifyRequest) => Caller | Promise<Caller>
  /** No request comes over a socket. So none counts as local, no matter which address an event gives it. */
  readonly withoutSockets?: boolean
}

/** Authenticates and authorises every request before its handler runs. */
export const accessControl = fp<AccessPluginOptions>(
  async (app, { access, cookieName, retryMs, authenticate, withoutSockets = false }) => {
    const fail = failWith(retryMs)
    app.decorateRequest('caller', NOT_ASKED_YET)

    // A forgotten route would be open to everyone, so the gateway refuses to start.
    app.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
      if (config?.access === undefined) throw new Error(`${method} ${url} does not declare what access it needs`)
    })

    const identify: (request: FastifyRequest, reply: FastifyReply) => Caller | Promise<Caller> =
      authenticate ?? ((request, reply) => authenticateRequest(access, cookieName, request, reply))
    const isOpen = authenticate === undefined && access.mode !== 'rules'

    app.addHook('onRequest', (request, reply, done) => {
      request.caller = OPEN
      const need = request.routeOptions.config.access // there is none where there is no route
      if (isOpen) {
        if (access.mode === 'local' && need !== 'always') requireLocal(request, withoutSockets)
        requireChannelName(request)
        return done()
      }
      if (need === undefined || needsNobody(need, access)) {
        request.caller = access.anonymous
        return done()
      }
      const settle = (caller: Caller): void => {
        request.caller = caller
        requireNeed(request, need)
        done()
      }
      const caller = identify(request, reply)
      if (caller instanceof Promise) caller.then(settle).catch((error: Error) => fail(error, request, reply, done))
      else settle(caller)
    })
  },
  { name: 'carillon-access' },
)

/** The hook sets it on each request. Fastify takes no object here, as all requests would share it. */
const NOT_ASKED_YET = null as unknown as Caller

const isPage = (need: Need): need is Page => (PAGES as readonly string[]).includes(need)

const needsNobody = (need: Need, { publicPages }: Access): boolean =>
  need === 'always' || need === 'public' || (isPage(need) && publicPages.has(need))

/** @throws Problem */
function requireNeed(request: FastifyRequest, need: Need): void {
  const { caller, params } = request
  requireChannelName(request)
  if (caller === OPEN || need === 'known') return
  if (need === 'always' || need === 'public') return
  if (isPage(need)) {
    requireAllowed(caller, 'inspect', patternTopic('*'))
    return
  }
  const channel = channelOf(params)
  if (channel !== undefined) requireAllowed(caller, need, channelTopic(channel))
  else if (!caller.grants.has(need)) throw refusal(caller, need)
}

/**
 * The only check of the channel in a path. It comes after authentication, and before anything looks at the channel.
 * @throws Problem `invalid-channel`, `reserved-channel`
 */
function requireChannelName({ params }: FastifyRequest): void {
  const channel = channelOf(params)
  const problem = channel === undefined ? undefined : channelProblem(channel)
  if (problem) throw nameProblem(problem, channel as string) // it has a problem, so there is one
}

const channelOf = (params: unknown): string | undefined => (params as { channel?: string } | null)?.channel // as the router leaves it

/**
 * The client cannot be authenticated now, because Redis or the identity provider is unavailable. An `EventSource` never
 * reconnects after an error status, so it gets an empty stream that tells it when to reconnect.
 */
const failWith =
  (retryMs: number) =>
  (error: Error, request: FastifyRequest, reply: FastifyReply, done: (error: Error) => void): void => {
    const passes =
      error instanceof BrokerUnavailable || (error instanceof Problem && error.type === 'token-keys-unavailable')
    const isEventSource = namesType(request, 'text/event-stream') && !isUpgrade(request)
    if (!passes || !isEventSource || !request.routeOptions.config.tickets) {
      done(error)
      return
    }
    request.log.debug({ err: error }, 'a stream was refused for now and told to reconnect')
    const retry = Math.round(retryMs * (0.5 + Math.random()))
    reply.type('text/event-stream').header('cache-control', 'no-store').serializer(String).send(`retry: ${retry}\n`)
  }
