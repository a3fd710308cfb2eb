import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Check } from './check.js'
import { guides } from './guide.js'
import { scenarios } from './scenario.js'
import { schemathesis } from './schemathesis.js'
import { CACHE, isInstalled } from './workshop.js'

/*
 * npm run test:clients                      everything
 * npm run test:clients -- python go         the generators of a language, or one by its name
 *
 * Ends with 1 when a check failed, or could not run because a command is missing on this machine.
 */
const { positionals: wanted } = parseArgs({ allowPositionals: true })
const checks: readonly Check[] = [...scenarios, ...guides, schemathesis]
const isWanted = ({ name, language }: Check) =>
  wanted.length === 0 || wanted.includes(name) || wanted.includes(language)
const unknown = wanted.filter(word => !checks.some(({ name, language }) => word === name || word === language))

await mkdir(CACHE, { recursive: true })
const failures: string[] = []
for (const word of unknown)
  failures.push(`There is no check "${word}". Checks: ${checks.map(({ name }) => name).join(', ')}`)
for (const { name, needs, pass } of unknown.length > 0 ? [] : checks.filter(isWanted)) {
  const began = performance.now()
  const ends: (() => unknown)[] = []
  const missing = needs.filter(command => !isInstalled(command))
  try {
    if (missing.length > 0) throw new Error(`not run: this machine has no ${missing.join(', ')}`)
    await pass({ teardown: end => ends.push(end) })
    console.log(`passed  ${name}  ${((performance.now() - began) / 1000).toFixed(0)} s`)
  } catch (error) {
    console.log(`FAILED  ${name}`)
    failures.push(`${name}: ${error instanceof Error ? error.message : error}`)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}
for (const failure of failures) console.error(`\n${failure}`)
process.exit(failures.length === 0 ? 0 : 1)
