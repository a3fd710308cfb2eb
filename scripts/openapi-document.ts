import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import { parse, stringify } from 'yaml'
import { components } from '../routes/schemas.js'
import carillon, { serverOptions } from '../src/app.js'

import { defaultConfig } from '../src/config/config.js'
import { packageVersion } from '../src/support/package.js'
import { openapi32 } from './openapi-3.2.js'
import { description, tags } from './openapi-prose.js'
import { repair } from './openapi-repair.js'

/** The text of `openapi.yaml`, made from the routes. */
export async function openapiYaml(): Promise<string> {
  const app = Fastify(serverOptions(defaultConfig))
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Carillon',
        version: packageVersion(),
        description,
        contact: { name: 'Carillon contributors' },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: 'http://127.0.0.1:3000', description: 'A gateway on this machine, with its default settings.' }],
      security: [{}, { bearer: [] }],
      tags,
      components: { securitySchemes: { bearer: BEARER } },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
  })
  // Public routes need no credentials, no matter the settings.
  app.addHook('onRoute', route => {
    const { access } = route.config ?? {}
    if (access === 'public' || access === 'always') Object.assign(route.schema ?? {}, { security: [] })
  })
  for (const schema of components) app.addSchema(schema)
  await app.register(carillon)
  await app.ready()
  const document: unknown = app.swagger()
  await app.close()
  return HEAD + stringify(repair(document), STYLE)
}

/** The text of `openapi-3.2.yaml`, made from that of `openapi.yaml`. */
export const openapi32Yaml = (yaml: string): string => HEAD + stringify(openapi32(parse(yaml)), STYLE)

const STYLE = { lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false } as const

/** None is needed where ANONYMOUS_GRANTS give the right, or where there are no access rules. */
const BEARER = {
  type: 'http',
  scheme: 'bearer',
  description: 'An API key, or a token of your identity provider.',
} as const

const HEAD = '# Made from the schemas of the routes by `npm run openapi`: change those, not this.\n'
