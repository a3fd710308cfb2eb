import { writeFile } from 'node:fs/promises'
import { packageFile } from '../src/support/package.js'
import { CLIENT_TYPES, clientTypes } from './openapi-client.js'
import { openapiYaml } from './openapi-document.js'

const yaml = await openapiYaml()
await writeFile(packageFile('openapi.yaml'), yaml)
await writeFile(packageFile(CLIENT_TYPES), await clientTypes(yaml))
