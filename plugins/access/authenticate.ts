import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../src/access/access.js'
import { invalidCredentials, unauthenticated } from '../../src/access/authorization.js'
import type { Caller } from '../../src/access/caller.js'
import { cookies, holdsCredentials, shownCredentials } from '../../src/access/credentials.js'
import type { Pass } from '../../src/access/tickets.js'
import { Problem } from '../../src/protocol/problems.js'
import { withProxyPrefix } from '../http/path-prefix.js'
import { isHandedOver } from '../streams/upgrades.js'

/**
 * Authenticates a request by the credentials that it shows.
 * @throws Problem
 */
export function authenticateRequest(
  access: Access,
  cookieName: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Caller | Promise<Caller> {
  const { headers, url, raw } = request
  if (url.includes('?') && holdsCredentials(url)) throw new Problem('credentials-in-url')
  if (headers.authorization !== undefined && hasTwo('authorization', raw.rawHeaders))
    throw new Problem('malformed-credentials', 'The request has more than one Authorization header.')
  const shown = shownCredentials({
    authorization: headers.authorization,
    apiKey: [headers['x-api-key']].flat().join() || undefined,
    cookie: headers.cookie,
    cookieName,
    subprotocols: isUpgrade(request) ? headers['sec-websocket-protocol'] : undefined,
    ticket: ticketOf(request),
  })
  if (shown?.way === 'ticket') return redeem(access, shown.value, request, reply)
  if (shown?.way === 'cookie') requireOwnPage(request)
  return access.authenticate(shown?.value)
}

/** `request.ws` is not set before the hook of access. */
export const isUpgrade = ({ raw }: FastifyRequest): boolean => isHandedOver(raw)

/** Node keeps the first of them, but a proxy in front of the gateway may have checked the other one. */
function hasTwo(field: string, rawHeaders: readonly string[]): boolean {
  let found = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string // names and values in turns
    if (name.length === field.length && name.toLowerCase() === field) found++
  }
  return found > 1
}

function ticketOf({ routeOptions, query }: FastifyRequest): string | undefined {
  if (!routeOptions.config.tickets) return undefined
  const { ticket } = query as { ticket?: string | string[] } // not validated yet
  if (Array.isArray(ticket)) throw new Problem('malformed-credentials', 'The URL has more than one ticket.')
  return ticket
}

/**
 * A browser adds a cookie to requests of every page. So a cookie counts only for pages of the gateway or of
 * ALLOWED_ORIGINS. Without a sign of a page it counts for reads only: no page of another site can see their answer.
 */
function requireOwnPage(request: FastifyRequest): void {
  const { provenance, method } = request
  if (provenance === 'own' || provenance === 'listed') return
  const harmless = (method === 'GET' || method === 'HEAD') && !isUpgrade(request)
  if (provenance === 'none' && harmless) return
  throw unauthenticated()
}

async function redeem(access: Access, ticket: string, request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
  if (!access.tickets) throw invalidCredentials('There are no tickets here.')
  const { cookie = '' } = request.headers
  // Only an EventSource reconnects by itself. A WebSocket is reopened by a script, which can get a new ticket.
  const options = { wantsPass: !isUpgrade(request) }
  const { caller, pass } = await access.tickets.redeem(ticket, name => cookies(cookie, name)[0], options)
  if (pass) reply.header('set-cookie', passCookie(pass, request))
  return caller
}

/**
 * No script sees it, no other path gets it, and no page of another site can have it sent. RFC 6265bis.
 */
function passCookie({ name, value, seconds }: Pass, request: FastifyRequest): string {
  const { url, protocol, headers } = request
  // The URL has the prefix of the plugin already; a browser also knows what a proxy took away.
  const path = withProxyPrefix(request, url.split('?', 1)[0] ?? '/')
  // A path with anything else in it is no path of a channel, and gets no further than here.
  const scope = /^\/[\w.:~%/-]*$/.test(path) ? path : '/'
  // A client could forge this header, but that only makes the cookie stricter.
  const secure = protocol === 'https' || headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
  return `${name}=${value}; Path=${scope}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`
}
