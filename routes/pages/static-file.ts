import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import { addVary } from '../../plugins/access/origins.js'
import { prefersGzip } from '../../plugins/http/negotiation.js'
import { Problem } from '../../src/protocol/problems.js'
import { packageFile } from '../../src/support/package.js'

interface StaticFile {
  readonly plain: Buffer
  readonly gzipped: Buffer
  /** Weak, as it is the same for both forms: RFC 9110 section 8.8.1. */
  readonly tag: string
}

/**
 * A handler for a file that `npm run build` made. It is read on the first request. Browsers revalidate
 * their copy each time and get a 304 as long as the file is the same.
 */
export function staticFile(path: string, mediaType: string) {
  let file: Promise<StaticFile> | undefined
  return async (request: FastifyRequest, reply: FastifyReply) => {
    file ??= read(path)
    const { plain, gzipped, tag } = await file
    reply.header('etag', tag).header('cache-control', 'no-cache')
    addVary(reply, 'accept-encoding')
    if (isKnown(tag, request.headers['if-none-match'])) return reply.code(304).send()
    reply.type(mediaType)
    if (!prefersGzip(request)) return reply.send(plain)
    return reply.header('content-encoding', 'gzip').send(gzipped)
  }
}

/** `If-None-Match`, RFC 9110 section 13.1.2: a weak comparison, so `W/` does not count. Our tags have no comma. */
const isKnown = (tag: string, header = ''): boolean =>
  header.trim() === '*' || header.split(',').some(each => each.trim().replace(/^W\//, '') === tag.slice(2))

async function read(path: string): Promise<StaticFile> {
  const plain = await readFile(packageFile(path)).catch(cause => {
    throw new Problem('not-found', 'This file does not exist yet. Run `npm run build`.', {}, { cause })
  })
  const tag = `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  return { plain, gzipped: await promisify(gzip)(plain, { level: 9 }), tag }
}

/** Redirects a page with relative paths to its address without a slash at the end, where they work. */
export const withoutSlash =
  (address: string): preHandlerHookHandler =>
  (request, reply, done) => {
    if (request.url.split('?', 1)[0]?.endsWith('/')) reply.redirect(address)
    else done()
  }
