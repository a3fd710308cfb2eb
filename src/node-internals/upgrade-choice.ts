import { createServer, type IncomingMessage, type Server } from 'node:http'
import { FastPath } from './fast-path.js'

/*
 * Which requests that offer an upgrade leave Node's HTTP server.
 *
 * Touches: `server.shouldUpgradeCallback`, the place where Node 24.9 and later keep an option of `createServer`.
 * Why: the server of an app around the gateway exists already. Older versions of Node hand over each such request.
 * Breaks otherwise: a request with a body is handed over, and Node reads of the body what it likes. So it cannot be put
 * back in front of its connection and is refused.
 * Gains: nothing in speed.
 */
export const upgradeChoice = new FastPath(
  'upgrade-choice',
  () => !mayReadBodies || typeof (createServer() as ChoosingServer).shouldUpgradeCallback === 'function',
)

type Choose = (request: IncomingMessage) => boolean

interface ChoosingServer extends Server {
  shouldUpgradeCallback?: Choose
}

function hasChoice(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 9)
}

/** Whether this Node may have read the body of a request that it hands over. */
export const mayReadBodies = hasChoice(process.versions.node)

/** `choose` is also given the choice that the server has made so far. */
export function chooseUpgrades(server: Server, choose: (request: IncomingMessage, before: Choose) => boolean): void {
  if (!upgradeChoice.isInUse) return
  const choosing = server as ChoosingServer // see above
  const before = choosing.shouldUpgradeCallback?.bind(server) ?? (() => true)
  choosing.shouldUpgradeCallback = request => choose(request, before)
}
