import { readFile } from 'node:fs/promises'
import { packageFile } from '../src/support/package.js'
import { asyncapiFindings } from './asyncapi-findings.js'

const findings = await asyncapiFindings(await readFile(packageFile('asyncapi.yaml'), 'utf8'))
for (const finding of findings) console.error(finding)
console.log(`asyncapi.yaml: ${findings.length} findings`)
process.exitCode = findings.length === 0 ? 0 : 1
