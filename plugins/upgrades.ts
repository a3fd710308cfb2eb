import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { declineUpgrade } from './decline-upgrade.js'
import { endAfterAnswers, hasPendingAnswers } from './pending-answers.js'

export type TakeUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void

interface Taker {
  readonly isMine: (path: string) => boolean
  readonly take: TakeUpgrade
}

/** Node 24.9 and later ask this about each request that offers an upgrade, before they give its connection away. */
interface AskingServer extends Server {
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean
}

export const isWebSocketOffer = (headers: IncomingHttpHeaders): boolean => /^websocket$/i.test(headers.upgrade ?? '')

export const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/**
 * Whether Node's HTTP server has given the connection of the request away, to a listener for upgrades. From then on
 * it neither reads the body nor ends the connection. Not documented, and the same in Node 20 to 26.
 */
export const isHandedOver = (request: IncomingMessage & { upgrade?: boolean }): boolean => request.upgrade === true

/**
 * Hands each WebSocket upgrade of a server to the owner of its path. A server may have other listeners for upgrades, and
 * several gateways under different prefixes: each takes its own and leaves the others alone.
 *
 * What nobody takes is served as a plain request, as Node does it for a server that knows no upgrades at all. And so is
 * an upgrade to anything but WebSocket.
 */
class Upgrades {
  readonly #takers = new Set<Taker>()

  constructor(server: Server) {
    this.#answerBeforeUpgrade(server)
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const taker = this.#takerOf(request)
      if (!taker && server.listenerCount('upgrade') > 1) return
      // An upgrade takes the connection away at once: it cannot stand behind others in a pipeline.
      if (hasPendingAnswers(socket)) endAfterAnswers(socket)
      else if (taker && isWebSocketOffer(request.headers)) taker.take(request, socket, head)
      else declineUpgrade(server, request, socket, head)
    })
  }

  add(taker: Taker): void {
    this.#takers.add(taker)
  }

  #takerOf({ url = '' }: IncomingMessage): Taker | undefined {
    const [path = ''] = url.split('?', 1)
    return [...this.#takers].find(({ isMine }) => isMine(path))
  }

  /**
   * Node 26 hands over a request with a body before it has read that body, with a stream in the place of the socket.
   * Such a request cannot open a WebSocket, so it stays with Node's HTTP server. Node then drops what arrived with it,
   * behind its body. So a request without a body, behind which a client may pipeline others, is handed over and declined.
   */
  #answerBeforeUpgrade(server: AskingServer): void {
    const otherListeners = server.shouldUpgradeCallback?.bind(server)
    server.shouldUpgradeCallback = request => {
      if (this.#takerOf(request)) return !hasBody(request.headers)
      return server.listenerCount('upgrade') > 1 && (otherListeners?.(request) ?? true)
    }
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
  // Unchecked expression: it is made from the prefix of an app, and `[^/]+` ends at each slash.
  const rule = new RegExp(`^${prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}(?:/|$)`)
  upgrades.add({ isMine: prefix === '' ? () => true : path => rule.test(path), take })
}
