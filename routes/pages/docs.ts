import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { addVary } from '../../plugins/access/origins.js'
import { prefersGzip } from '../../plugins/http/negotiation.js'
import { pages } from '../../plugins/pages.js'
import { Problem } from '../../src/protocol/problems.js'
import { packageFile } from '../../src/support/package.js'
import { FILE } from '../schemas.js'
import { PAGE, SCRIPT, STYLE } from './docs-page.js'
import { withoutSlash } from './static-file.js'

const schema = { ...FILE, querystring: Type.Object({}, { additionalProperties: false }) }

/** Everything comes from here and nothing stands inline, so that nothing else can. */
const POLICY = {
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'], // Swagger UI's icons
  connectSrc: ["'self'"],
}

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'

const OURS = new Map([
  ['start.js', { type: JAVASCRIPT, text: SCRIPT }],
  ['page.css', { type: CSS, text: STYLE }],
])

/** Of the package swagger-ui-dist; `scripts/build.js` keeps them compressed beside the program. */
const LIBRARY = new Map([
  ['swagger-ui-bundle.js', JAVASCRIPT],
  ['swagger-ui.css', CSS],
])

/** The API reference: Swagger UI with the document of `/openapi.json`. */
export const docs: FastifyPluginAsyncTypebox = async app => {
  await app.register(pages, { allow: POLICY })

  const options = { schema, config: { access: 'docs' }, preHandler: withoutSlash('../docs') } as const
  app.get('/docs', options, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').serializer(String).send(PAGE),
  )

  const file = { ...FILE, params: Type.Object({ file: Type.String() }) }
  app.get('/docs/:file', { schema: file, config: { access: 'docs' } }, async (request, reply) => {
    const { file } = request.params
    const own = OURS.get(file)
    const type = own?.type ?? LIBRARY.get(file)
    if (type === undefined) throw new Problem('not-found')
    reply.type(type).header('cache-control', 'max-age=3600')
    if (own) return reply.serializer(String).send(own.text)
    addVary(reply, 'accept-encoding')
    const compressed = await libraryFile(file)
    if (!prefersGzip(request)) return reply.send(Readable.from([compressed]).pipe(createGunzip()))
    return reply.header('content-encoding', 'gzip').send(compressed)
  })
}

const kept = new Map<string, Promise<Buffer>>()

/** Read on the first request and shared by all: a client that reads slowly, or not at all, costs no memory. */
function libraryFile(name: string): Promise<Buffer> {
  const known = kept.get(name) ?? readLibraryFile(name)
  kept.set(name, known)
  known.catch(() => kept.delete(name)) // the request reports it
  return known
}

async function readLibraryFile(name: string): Promise<Buffer> {
  try {
    return await readFile(packageFile(`dist/reference/${name}.gz`))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    // Not built: it runs from its sources.
    return promisify(gzip)(await readFile(packageFile(`node_modules/swagger-ui-dist/${name}`)))
  }
}
