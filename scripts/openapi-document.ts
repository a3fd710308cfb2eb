import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import { stringify } from 'yaml'
import { components } from '../routes/schemas.js'
import carillon, { serverOptions } from '../src/app.js'

import { defaultConfig } from '../src/config.js'
import { packageVersion } from '../src/package.js'
import { mend } from './openapi-mend.js'
import { description, tags } from './openapi-prose.js'

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
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: 'http://127.0.0.1:3000', description: 'A gateway on this machine, with its default settings.' }],
      security: [],
      tags,
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
  })
  for (const schema of components) app.addSchema(schema)
  await app.register(carillon)
  await app.ready()
  const document: unknown = app.swagger()
  await app.close()
  return HEAD + stringify(mend(document), { lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false })
}

const HEAD = '# Made from the schemas of the routes by `npm run openapi`: change those, not this.\n'
