import { writeFile } from 'node:fs/promises'
import { packageFile } from '../src/support/package.js'
import { CLIENT_TYPES, clientTypes } from './openapi-client.js'
import { openapi32Yaml, openapiYaml } from './openapi-document.js'

const yaml = await openapiYaml()
await writeFile(packageFile('openapi.yaml'), yaml)
await writeFile(packageFile('openapi-3.2.yaml'), openapi32Yaml(yaml))
await writeFile(packageFile(CLIENT_TYPES), await clientTypes(yaml))
