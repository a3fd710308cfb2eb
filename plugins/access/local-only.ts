import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { isLoopbackAddress, isLoopbackHost } from '../../src/access/mode.js'
import { HOW_TO_OPEN, LOCAL_ONLY } from '../../src/access/no-rules.js'
import { Problem } from '../../src/protocol/problems.js'

/**
 * There are no rules: only this machine is served, by the address of the socket, as anybody can write headers. What a proxy
 * on this machine passes on comes from elsewhere, which a header or the requested host name shows.
 * @throws Problem `no-access-rules`
 */
export function requireLocal({ raw, headers }: FastifyRequest, withoutSockets: boolean): void {
  if (withoutSockets || !isLoopbackAddress(raw.socket.remoteAddress)) throw localOnly()
  const { host } = headers
  if (host !== undefined && !isLoopbackHost(host))
    throw localOnly('The Host header of the request names another machine.')
  if (isPassedOn(headers)) throw localOnly('The request came through a proxy.')
}

/** Headers with which proxies name themselves or their client. */
const isPassedOn = (headers: IncomingHttpHeaders): boolean =>
  headers.forwarded !== undefined ||
  headers.via !== undefined ||
  headers['x-forwarded-for'] !== undefined ||
  headers['x-forwarded-host'] !== undefined ||
  headers['x-forwarded-proto'] !== undefined ||
  headers['x-forwarded-prefix'] !== undefined ||
  headers['x-real-ip'] !== undefined

const localOnly = (reason?: string): Problem =>
  new Problem('no-access-rules', [LOCAL_ONLY, reason, HOW_TO_OPEN].filter(text => text !== undefined).join(' '))
