import type { FastifyInstance } from 'fastify'
import { FastPath } from './fast-path.js'

/*
 * The app that a plugin is registered in.
 *
 * Touches: the prototype of a Fastify instance, which is the instance around it.
 * Why: `@fastify/websocket` may be registered in that app behind Carillon. Both would then take each upgrade.
 * Breaks otherwise: the app starts, and its WebSockets fail one by one, instead of a start that fails and says why.
 * Gains: nothing in speed. Without it, the order of registration is not checked; docs/embedding.md has it.
 */
export const surrounding = new FastPath('surrounding-app', () => true)

/** Undefined where Fastify encapsulates in another way. */
export function surroundingApp(app: FastifyInstance): FastifyInstance | undefined {
  if (!surrounding.isInUse) return undefined
  const around = Object.getPrototypeOf(app) as FastifyInstance | null // see above
  if (around?.server && around.server === app.server) return around
  surrounding.leave()
  return undefined
}
