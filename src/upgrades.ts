import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { declineUpgrade } from './decline-upgrade.js'
import { endAfterAnswers, hasPendingAnswers } from './pending-answers.js'

export type TakeUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void

interface Taker {
  readonly isMine: (path: string) => boolean
  readonly take: TakeUpgrade
}

/**
 * The WebSocket upgrades of a server, for whoever owns the path. A server may have other listeners for upgrades, and
 * several gateways under different prefixes: each takes its own and leaves the others alone.
 *
 * What nobody takes is served as a plain request, as Node does it for a server that knows no upgrades at all. And so is
 * an upgrade to anything but WebSocket.
 */
class Upgrades {
  readonly #takers = new Set<Taker>()

  constructor(server: Server) {
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const [path = ''] = (request.url ?? '').split('?', 1)
      const taker = [...this.#takers].find(({ isMine }) => isMine(path))
      if (!taker && server.listenerCount('upgrade') > 1) return
      // An upgrade takes the connection away at once: it cannot stand behind others in a pipeline.
      if (hasPendingAnswers(socket)) endAfterAnswers(socket)
      else if (taker && /^websocket$/i.test(request.headers.upgrade ?? '')) taker.take(request, socket, head)
      else declineUpgrade(server, request, socket, head)
    })
  }

  add(taker: Taker): void {
    this.#takers.add(taker)
  }
}

const known = new WeakMap<Server, Upgrades>()

/** `prefix` is as Fastify has it: empty for all paths, and perhaps with parameters. */
export function takeUpgrades(server: Server, prefix: string, take: TakeUpgrade): void {
  let upgrades = known.get(server)
  if (!upgrades) {
    upgrades = new Upgrades(server)
    known.set(server, upgrades)
  }
  const rule = new RegExp(`^${prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}(?:/|$)`)
  upgrades.add({ isMine: prefix === '' ? () => true : path => rule.test(path), take })
}
