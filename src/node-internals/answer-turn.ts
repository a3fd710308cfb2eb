import { IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { FastPath } from './fast-path.js'

/*
 * Which of the answers to pipelined requests has the connection.
 *
 * Touches: `response.socket`, which is null until the answers before it have gone out; the event `socket` of a response;
 * and `socket._httpMessage`, the answer that has the connection.
 * Why: Node starts all requests of a pipeline at once, and documents no way to learn whose answer goes out now.
 * Breaks otherwise: requests of one connection run side by side, a stream opens in the middle of another answer, and an
 * upgrade cuts off answers that are still due.
 * Gains: a request needs no listener and no entry in a table. Without it, each request is noted until its answer has gone.
 */
export const answerTurn = new FastPath('answer-turn', () => {
  const socket: HttpSocket = new Socket()
  const response = new ServerResponse(new IncomingMessage(socket))
  const hadNone = response.socket === null
  let isEmitted = false
  response.once('socket', () => {
    isEmitted = true
  })
  response.assignSocket(socket)
  const isKept = socket._httpMessage === response
  response.detachSocket(socket)
  return hadNone && isEmitted && isKept && !socket._httpMessage
})

interface HttpSocket extends Socket {
  _httpMessage?: ServerResponse | null
}

/**
 * Makes the rest of this file know the requests of a server. To be called behind whatever else puts a listener for
 * requests in front of the others.
 */
export function watchAnswers(server: Server): void {
  if (answerTurn.isInUse || watched.has(server)) return
  watched.add(server)
  server.prependListener('request', ({ socket }, response) => {
    const before = last.get(socket)
    if (before) behind.set(response, before)
    last.set(socket, response)
    const leave = () => {
      if (last.get(socket) === response) last.delete(socket)
      gone.add(response)
    }
    response.once('finish', leave)
    response.once('close', leave)
  })
}

/** Whether the answers before it have gone out. Injected requests have no socket, and no request before them. */
export function hasTurn(response: ServerResponse): boolean {
  if (answerTurn.isInUse) return response.socket !== null
  const before = behind.get(response)
  return before === undefined || gone.has(before)
}

/** Calls back when the answers before it have gone out: at once if they have. */
export function onTurn(response: ServerResponse, call: () => void): void {
  if (hasTurn(response)) call()
  else if (answerTurn.isInUse) response.once('socket', call)
  else behind.get(response)?.once('finish', call)
}

/** An answer that is still due on the connection; the one that goes out now, or the last one. */
export const dueAnswer = (socket: Socket): ServerResponse | undefined =>
  (answerTurn.isInUse ? (socket as HttpSocket)._httpMessage : last.get(socket)) ?? undefined // see above

const watched = new WeakSet<Server>()
/** Of each connection, as long as it is due. */
const last = new WeakMap<Socket, ServerResponse>()
const behind = new WeakMap<ServerResponse, ServerResponse>()
const gone = new WeakSet<ServerResponse>()
