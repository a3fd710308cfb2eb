import type { FastifyRequest } from 'fastify'

/**
 * The path as clients know it, with the prefix that a proxy removed and reports in `X-Forwarded-Prefix`. The header of an
 * untrusted peer is ignored.
 */
export function withProxyPrefix(request: FastifyRequest, path: string): string {
  const header = request.headers['x-forwarded-prefix']
  if (typeof header !== 'string' || !isFromTrustedProxy(request)) return path
  const prefix = header.endsWith('/') ? header.slice(0, -1) : header
  return PREFIX.test(prefix) ? prefix + path : path
}

/** Fastify has more than the address of the socket where that is trusted and says for whom it speaks. */
const isFromTrustedProxy = ({ ips = [] }: FastifyRequest): boolean => ips.length > 1

/** Segments of a path, none of them empty or made of dots: `//evil.example` would be another host. */
const PREFIX = /^(?=.{1,256}$)(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/
