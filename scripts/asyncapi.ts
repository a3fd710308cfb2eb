import { writeFile } from 'node:fs/promises'
import { packageFile } from '../src/support/package.js'
import { asyncapiYaml } from './asyncapi-document.js'

await writeFile(packageFile('asyncapi.yaml'), asyncapiYaml())
