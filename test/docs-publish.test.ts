import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { fencesOf } from './support/doc-page.js'
import { startGateway } from './support/gateway.js'

/*
 * Runs every program of docs/publish.md. A language whose tool is not on this machine is skipped:
 * `scripts/install-test-needs.sh` does not install languages.
 */
const PROGRAMS: [language: string, file: string, command: string, ...options: string[]][] = [
  ['sh', 'publish.sh', 'bash'],
  ['js', 'publish.mjs', process.execPath],
  ['python', 'publish.py', 'python3'],
  ['go', 'publish.go', 'go', 'run'],
  ['php', 'publish.php', 'php'],
  ['ruby', 'publish.rb', 'ruby'],
  ['java', 'Publish.java', 'java'],
]
const PAGE = 'docs/publish.md'
const { key, entry } = createApiKey('backend', { publish: ['orders'], subscribe: ['orders'] })

const isMissing = (command: string): boolean =>
  spawnSync(command, [command === 'go' ? 'version' : '--version']).error !== undefined

t.test('every program of docs/publish.md has a test', async t => {
  const languages = fencesOf(PAGE).map(({ language }) => language)
  t.same(
    languages,
    PROGRAMS.map(([language]) => language),
  )
})

for (const [language, file, command, ...options] of PROGRAMS) {
  const skip = isMissing(command) && `${command} is not installed`
  t.test(`${PAGE}: the ${language} program publishes once, also when it runs twice`, { skip }, async t => {
    const settings = { API_KEYS: JSON.stringify([entry]), HISTORY: 'orders', LOG_LEVEL: 'warn' }
    const gateway = await startGateway(t, settings)
    const folder = await mkdtemp(join(tmpdir(), 'carillon-publish-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const program = fencesOf(PAGE).find(fence => fence.language === language)?.text ?? ''
    await writeFile(join(folder, file), program)
    const env = { ...process.env, CARILLON_URL: gateway.url, CARILLON_TOKEN: key }
    const run = () => promisify(execFile)(command, [...options, file], { cwd: folder, env, timeout: 180_000 })
    t.match((await run()).stdout, /orders/)
    t.match((await run()).stdout, /replayed/)

    const headers = { authorization: `Bearer ${key}` }
    const kept = await fetch(`${gateway.url}/channels/orders/messages?since=all`, { headers })
    const { messages } = (await kept.json()) as { messages: { event: string; data: string }[] }
    t.same(
      messages.map(({ event, data }) => [event, JSON.parse(data)]),
      [['placed', { id: 7, total: 19.9 }]],
    )
  })
}
