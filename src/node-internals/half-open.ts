import { createServer, type Server } from 'node:http'
import { FastPath } from './fast-path.js'

/*
 * A client that has closed its sending side still gets its answer.
 *
 * Touches: `server.httpAllowHalfOpen`.
 * Why: `nc -N` and some HTTP/1.0 tools close their side as soon as their request is out.
 * Breaks otherwise: Node executes the request and ends the connection without an answer, which is its documented way.
 * Gains: nothing in speed.
 */
export const halfOpen = new FastPath('half-open', () => isKnownTo(createServer()))

interface HalfOpenServer extends Server {
  httpAllowHalfOpen?: boolean
}

const isKnownTo = (server: HalfOpenServer): boolean => server.httpAllowHalfOpen === false

export function allowHalfOpen(server: Server): void {
  if (halfOpen.isInUse) (server as HalfOpenServer).httpAllowHalfOpen = true // see above
}
