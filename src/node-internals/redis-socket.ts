import type { Duplex } from 'node:stream'
import { Command, Redis } from 'ioredis'
import { FastPath } from './fast-path.js'

/*
 * The socket of an ioredis client.
 *
 * Touches: `redis.stream`, which ioredis leaves out of its documentation.
 * Why: a TLS socket may fail twice, and ioredis listens to its first error only. And commands are written to it joined, see
 * `joined-commands.ts`.
 * Breaks otherwise: an error without a listener ends the process. There is no documented way to the socket.
 * Gains: nothing in speed by itself.
 */
export const redisSocket = new FastPath('redis-socket', () => isLookedAt({ writable: true }) && !isLookedAt(undefined))

/** Undefined as long as the client has none, and where ioredis keeps it elsewhere. */
export const socketOf = (redis: Redis): Duplex | undefined => (redisSocket.isInUse ? redis.stream : undefined)

/** Whether ioredis would send a command over the socket. */
function isLookedAt(stream: object | undefined): boolean {
  let isQueued = false
  sendOn(stream, new Command('ping'), { write: () => {}, queued: () => (isQueued = true) })
  return isQueued
}

interface Line {
  write(bytes: string | Buffer): void
  queued(command: Command): void
}

/** Has ioredis send a command on a client that is not connected: what it writes, and what it then waits for. */
export function sendOn(stream: object | undefined, command: Command, { write, queued }: Line): void {
  const client = Object.assign(Object.create(Redis.prototype), {
    status: 'ready',
    options: {},
    condition: { select: 0 },
    commandQueue: { push: ({ command }: { command: Command }) => queued(command) },
    stream,
  })
  command.promise.catch(() => {}) // it is refused without a socket
  client.sendCommand(command, { isPipeline: true, destination: { redis: client }, write })
}
