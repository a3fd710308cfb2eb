import type { FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { refusal, requireAllowed } from '../src/access/allows.js'
import { type Caller, OPEN } from '../src/access/caller.js'
import type { Right } from '../src/access/grants.js'
import { channelProblem } from '../src/names.js'
import { channelTopic, patternTopic } from '../src/topic.js'

/**
 * What a route needs:
 *
 * - `always`: nothing, not even access rules. Liveness only.
 * - `public`: no credentials.
 * - `known`: credentials of whatever rights. The handler asks `requireAllowed(request.caller, right, topic)`.
 * - a right: on the channel in the path. Where the path has none, the right on any channel at all, and the handler asks
 *   for each topic.
 * - a page: public, or the right to inspect all channels, as the settings say.
 */
export type Need = 'always' | 'public' | 'known' | Right | Page

/** What shows nothing of any single channel. */
export const PAGES = ['metrics', 'openapi', 'docs', 'console'] as const
export type Page = (typeof PAGES)[number]

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before any handler runs. */
    caller: Caller
  }
  interface FastifyContextConfig {
    /** What the route needs. A route that does not say is not registered. */
    access?: Need
  }
}

/** Nobody gets to a handler without having been asked who it is and what it may do. */
export const access = fp(
  async app => {
    app.decorateRequest('caller', NOT_ASKED_YET)

    // A route that was forgotten would be open to everybody: better no start at all.
    app.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
      if (config?.access === undefined) throw new Error(`${method} ${url} does not declare what access it needs`)
    })

    app.addHook('onRequest', (request, _reply, done) => {
      request.caller = OPEN
      const need = request.routeOptions.config.access
      if (need !== undefined) requireNeed(request, need) // there is none where there is no route
      done()
    })
  },
  { name: 'carillon-access' },
)

/** The hook sets it on each request. Fastify takes no object here, as all requests would share it. */
const NOT_ASKED_YET = null as unknown as Caller

/** @throws Problem */
function requireNeed({ caller, params }: FastifyRequest, need: Need): void {
  if (caller === OPEN || need === 'always' || need === 'public' || need === 'known') return
  if (isPage(need)) {
    requireAllowed(caller, 'inspect', patternTopic('*'))
    return
  }
  const { channel } = params as { channel?: string } // not validated yet: whatever stands in the path
  if (channel === undefined) {
    if (!caller.grants.has(need)) throw refusal(caller)
  } else if (channelProblem(channel) === undefined) {
    requireAllowed(caller, need, channelTopic(channel)) // a name that cannot be is told so by the validation
  }
}

const isPage = (need: Need): need is Page => (PAGES as readonly string[]).includes(need)
