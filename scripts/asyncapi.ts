import { writeFile } from 'node:fs/promises'
import { packageFile } from '../src/package.js'
import { asyncapiYaml } from './asyncapi-document.js'

await writeFile(packageFile('asyncapi.yaml'), asyncapiYaml())
