import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { addVary } from '../../plugins/access/origins.js'
import { preferredType } from '../../plugins/http/negotiation.js'
import { withProxyPrefix } from '../../plugins/http/path-prefix.js'
import { ANY_REQUEST, problemResponses } from '../problem-responses.js'

const path = (example: string, description: string) => Type.String({ description, examples: [example] })

const Places = Type.Object(
  {
    service: Type.Literal('carillon'),
    publish: path('POST /channels/{channel}', 'How a message is published.'),
    listen: path('GET /channels/{channel}/events', 'How a channel is listened to.'),
    openapi: path('/openapi.json', 'The description of the API.'),
    docs: Type.Optional(path('/docs', 'Its page; not with `DOCS=false`.')),
    console: Type.Optional(path('/console', 'The console; not with `CONSOLE=false`.')),
  },
  { description: 'Where things are.' },
)

const schema = {
  hide: true, // for people who know the address and no more
  operationId: 'root',
  tags: ['operation'],
  summary: 'Where things are',
  description:
    'For whoever knows the address and no more. A browser (`Accept: text/html`) is led to the console, or to the page of the API where there is no console; all others get a few paths as JSON.',
  response: {
    200: Places,
    302: {
      description: 'To the page.',
      headers: { location: Type.String({ examples: ['./console'], description: 'Relative.' }) },
      type: 'null',
    },
    ...problemResponses(...ANY_REQUEST, 'no-access-rules'),
  },
}

interface RootOptions {
  /** Whether there is such a page. */
  readonly docs: boolean
  readonly console: boolean
  /** Whether every client may see it. */
  readonly isPublic: (page: 'docs' | 'console') => boolean
}

/** The first thing that people try. */
export const root: FastifyPluginAsyncTypebox<RootOptions> = async (app, { isPublic, ...shown }) => {
  const pages = (['console', 'docs'] as const).filter(name => shown[name])
  // A browser has no key to show when it goes to a page.
  const page = pages.find(isPublic) ?? pages[0]
  const places = (prefix: string) =>
    JSON.stringify({
      service: 'carillon',
      publish: `POST ${prefix}/channels/{channel}`,
      listen: `GET ${prefix}/channels/{channel}/events`,
      openapi: `${prefix}/openapi.json`,
      ...(shown.docs && { docs: `${prefix}/docs` }),
      ...(shown.console && { console: `${prefix}/console` }),
    })
  app.get('/', { schema, config: { access: 'public' } }, async (request, reply) => {
    addVary(reply, 'accept')
    if (page === undefined || preferredType(request, ['application/json', 'text/html']) !== 'text/html')
      return reply
        .type('application/json; charset=utf-8')
        .serializer(String)
        .send(places(withProxyPrefix(request, app.prefix)))
    // Relative, as a proxy may have taken a part of the path away; `/live` and `/live/` both lead to `/live/console`.
    // It begins with a dot, or a colon in the path would make a scheme of what stands before it.
    const [, last = ''] = /^[^?]*\/([^/?]+)(?:\?|$)/.exec(request.url) ?? []
    return reply.redirect(`./${last && `${last}/`}${page}`)
  })
}
