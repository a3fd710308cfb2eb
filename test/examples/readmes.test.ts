import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { exactly, fencesOf } from '../support/doc-page.js'
import { pageOf, runExample } from '../support/example.js'
import { openReader } from '../support/reader.js'
import { startRedis } from '../support/redis.js'

/*
 * The commands of the examples' READMEs, one after the other: the first one starts the example and goes on, the others
 * are typed in a second terminal. Only addresses are others here, as ports may be taken.
 */
const PLACE = '127.0.0.1:8080'
const REDIS = 'redis://127.0.0.1:6379'

/** Commands that go on: what their reader sees of them. */
const GOES_ON: [command: RegExp, shows: RegExp][] = [
  [/^node examples\/chat\/terminal\.js Ada$/, /^— Ada is in the room —$/],
  [/^curl -N /, /^retry: /],
  [/^node examples\/dashboard\/publish\.js$/, /./],
]

const folders = readdirSync(packageFile('examples'), { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'shared')
  .map(({ name }) => name)

for (const folder of folders)
  t.test(`the commands of examples/${folder}/README.md do what it says`, async t => {
    const [first = '', ...others] = commandsOf(`examples/${folder}/README.md`)
    const { host, url, reader } = await start(t, first)
    for (const command of others) {
      const goesOn = GOES_ON.find(([of]) => of.test(command))
      const typed = command.replaceAll(PLACE, host)
      if (goesOn) t.ok(await reader.listen(typed).find(line => goesOn[1].test(line), 30_000), command)
      else t.match(await reader.run(typed), /"(receivers|number)":\d/, command)
    }
    t.equal((await fetch(url)).status, 200, 'the page is there')
  })

t.test('the commands of examples/README.md: each example is started as its own page says', async t => {
  const page = fencesOf('examples/README.md')
  const text = readFileSync(packageFile('examples/README.md'), 'utf8')
  for (const folder of folders) {
    const [first = ''] = commandsOf(`examples/${folder}/README.md`)
    t.match(text, `\`${first.replace(/^\w+=\S+ /, '')}\``, folder)
  }
  const { host, reader } = await start(t, 'node examples/notifications/run.js')
  const [command = '', printed = ''] = page.find(({ language }) => language === 'console')?.text.split('\n') ?? []
  t.match(await reader.run(command.replace('$ ', '').replace(PLACE, host)), exactly(printed), command)
})

/** Without those that build what was built before this suite. */
function commandsOf(path: string): string[] {
  const lines = fencesOf(path).flatMap(({ language, text }) => (language === 'sh' ? text.split('\n') : []))
  return lines.filter(line => !/^npm (ci|run build)/.test(line))
}

/** Starts the command that goes on; what it reads from 127.0.0.1:8080 by itself is told where that is here. */
async function start(t: Test, command: string) {
  const [, settings = '', script = ''] = /^((?:\w+=\S+ )*)node examples\/(\S+)$/.exec(command) ?? []
  t.ok(script, command)
  const environment = settings.includes(REDIS) ? { REDIS_URL: (await startRedis(t)).url } : {}
  const url = await pageOf(runExample(t, script, { environment }))
  return { url, host: new URL(url).host, reader: await openReader(t, { GATEWAY_URL: url }) }
}
