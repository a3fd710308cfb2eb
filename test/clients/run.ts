import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createApiKey } from '../../src/access/api-keys.js'
import { startGateway } from '../support/gateway.js'
import { GENERATORS } from './generators.js'
import { passScenario } from './scenario.js'
import { CACHE, isInstalled } from './workshop.js'

/*
 * npm run test:clients                      everything
 * npm run test:clients -- python go         the generators of a language, or one by its name
 *
 * Ends with 1 when a check failed, or could not run because a command is missing on this machine.
 */
interface Check {
  readonly name: string
  readonly language: string
  readonly needs: readonly string[]
  pass(): Promise<void>
}

const { positionals: wanted } = parseArgs({ allowPositionals: true })
const teardowns: (() => unknown)[] = []
const { key, entry } = createApiKey('clients', { admin: ['*'] })
await mkdir(CACHE, { recursive: true })
const { url } = await startGateway(
  { teardown: end => teardowns.push(end) },
  { API_KEYS: JSON.stringify([entry]), HISTORY: 'clients.*=1000,orders=1000', LOG_LEVEL: 'warn' },
)

const checks: readonly Check[] = GENERATORS.map(generator => ({
  ...generator,
  pass: () => passScenario(generator, { url, key }),
}))
const isWanted = ({ name, language }: Check) =>
  wanted.length === 0 || wanted.includes(name) || wanted.includes(language)
const unknown = wanted.filter(word => !checks.some(({ name, language }) => word === name || word === language))

const failures: string[] = []
for (const word of unknown)
  failures.push(`There is no check "${word}". Checks: ${checks.map(({ name }) => name).join(', ')}`)
for (const { name, needs, pass } of unknown.length > 0 ? [] : checks.filter(isWanted)) {
  const began = performance.now()
  const missing = needs.filter(command => !isInstalled(command))
  try {
    if (missing.length > 0) throw new Error(`not run: this machine has no ${missing.join(', ')}`)
    await pass()
    console.log(`passed  ${name}  ${((performance.now() - began) / 1000).toFixed(0)} s`)
  } catch (error) {
    console.log(`FAILED  ${name}`)
    failures.push(`${name}: ${error instanceof Error ? error.message : error}`)
  }
}
for (const end of teardowns.reverse()) await end()
for (const failure of failures) console.error(`\n${failure}`)
process.exit(failures.length === 0 ? 0 : 1)
