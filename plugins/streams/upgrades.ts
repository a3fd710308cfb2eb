import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { dueAnswer, watchAnswers } from '../../src/node-internals/answer-turn.js'
import { chooseUpgrades, mayReadBodies } from '../../src/node-internals/upgrade-choice.js'
import { Problem } from '../../src/protocol/problems.js'
import { endSoon } from '../../src/streams/sinks/end-soon.js'

export type TakeUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void

interface Taker {
  readonly isMine: (path: string) => boolean
  readonly take: TakeUpgrade
}

export const isWebSocketOffer = (headers: IncomingHttpHeaders): boolean => /^websocket$/i.test(headers.upgrade ?? '')

export const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/**
 * Whether Node's HTTP server has given the connection of the request away, to a listener for upgrades. From then on
 * it neither reads the body nor ends the connection.
 */
export const isHandedOver = (request: IncomingMessage): boolean =>
  request.headers.upgrade !== undefined && handedOver.has(request)

const handedOver = new WeakSet<IncomingMessage>()

/** Makes `isHandedOver` know the upgrades that a plugin of the app around the gateway takes from the server. */
export function watchUpgrades(server: Server): void {
  // As the only listener it would take upgrades, and leave their connections open.
  if (server.listenerCount('upgrade') > 0) server.prependListener('upgrade', request => handedOver.add(request))
}

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

const known = new WeakMap<Server, Upgrades>()

/**
 * Hands each WebSocket upgrade of a server to the owner of its path. A server may have other listeners for upgrades, and
 * several gateways under different prefixes: each takes its own and leaves the others alone.
 *
 * An upgrade that has no owner is served as a plain request, as Node does it for a server that knows no upgrades at all. So
 * is an upgrade to anything but WebSocket.
 */
class Upgrades {
  readonly #takers = new Set<Taker>()

  constructor(server: Server) {
    watchAnswers(server)
    // Node drops what arrives behind the body of a request that stays with its HTTP server. So a request without a body,
    // behind which a client may pipeline others, is handed over and declined.
    chooseUpgrades(server, (request, others) => {
      if (this.#takerOf(request)) return !hasBody(request.headers)
      return server.listenerCount('upgrade') > 1 && others(request)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      handedOver.add(request)
      const taker = this.#takerOf(request)
      if (!taker && server.listenerCount('upgrade') > 1) return
      // An upgrade takes the connection away at once: it cannot stand behind others in a pipeline.
      if (dueAnswer(socket)) endAfterAnswers(socket)
      else if (taker && isWebSocketOffer(request.headers)) taker.take(request, socket, head)
      else decline(server, request, socket, head)
    })
  }

  add(taker: Taker): void {
    this.#takers.add(taker)
  }

  #takerOf({ url = '' }: IncomingMessage): Taker | undefined {
    const [path = ''] = url.split('?', 1)
    return [...this.#takers].find(({ isMine }) => isMine(path))
  }
}

/**
 * Serves a request as if it had not asked for an upgrade, as RFC 9110 section 7.8 allows. Some clients offer
 * HTTP/2 (`h2c`) with every request; Node, once it takes upgrades at all, hands over each of them
 * unread. So the request is put back in front of the connection, and the connection to the server.
 */
function decline(server: Server, request: IncomingMessage, connection: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders, headers } = request
  if (mayReadBodies && hasBody(headers)) {
    const problem = new Problem('invalid-request', 'A request with a body cannot ask for an upgrade.')
    server.emit('clientError', problem, connection)
    return
  }
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!/^(upgrade|connection)$/i.test(name)) lines.push(`${name}: ${rawHeaders[i + 1]}`)
  }
  if (/\bclose\b/i.test(headers.connection ?? '')) lines.push('Connection: close')
  connection.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', connection)
}

/**
 * Ends a connection that has left Node's HTTP server by an upgrade, after the answers to the requests before it. Nothing
 * else would end it.
 */
function endAfterAnswers(socket: Socket): void {
  socket.on('error', ignore) // a close follows
  socket.on('end', () => endSoon(socket))
  socket.on('data', ignore)
  socket.resume()
  const next = () => {
    const answer = dueAnswer(socket)
    if (answer) answer.once('finish', next)
    else endSoon(socket)
  }
  next()
}

const ignore = (): void => {}
