import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { fencesOf } from '../support/doc-page.js'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { type Check, KEY, KEYED } from './check.js'
import { GENERATORS, type Generator, generate } from './generators.js'
import { newRoom } from './scenario.js'
import { ENVIRONMENT, run } from './workshop.js'

const PAGE = 'docs/generated-clients.md'

/** The programs of a language on the page: a publisher and a consumer, in this order. */
interface Guide {
  readonly fence: string
  readonly files: readonly [publisher: string, consumer: string]
  /** The generator that its shell command runs. */
  readonly generator: string
}

const GUIDES: readonly Guide[] = [
  { fence: 'python', files: ['publisher.py', 'consumer.py'], generator: 'openapi-generator-python' },
  { fence: 'go', files: ['publisher.go', 'consumer.go'], generator: 'oapi-codegen' },
  { fence: 'java', files: ['Publisher.java', 'Consumer.java'], generator: 'java-native' },
  { fence: 'ts', files: ['publisher.ts', 'consumer.ts'], generator: 'hey-api' },
]

/** The languages of the page, each with what its generator needs. */
export const guides: readonly Check[] = GUIDES.map((guide, index) => {
  const generator = GENERATORS.find(({ name }) => name === guide.generator)
  if (!generator) throw new Error(`there is no generator ${guide.generator}`)
  const { language, needs } = generator
  const pass: Check['pass'] = t => passGuide(guide, index, generator, t)
  return { name: `guide-${language}`, language, needs: [...needs, 'redis-server'], pass }
})

/**
 * Generates the client of a language with the command of the page, and runs the page's programs with it.
 * @throws Error when the consumer does not print what the publisher has sent, or misses something while the gateway restarts
 */
async function passGuide(guide: Guide, index: number, generator: Generator, t: Pick<Test, 'teardown'>): Promise<void> {
  const fences = fencesOf(PAGE)
  const commands = fences.filter(({ language }) => language === 'sh')
  const programs = fences.filter(({ language }) => language === guide.fence)
  if (commands.length !== GUIDES.length || programs.length !== 2)
    throw new Error(`${PAGE} has other blocks than expected`)

  const folder = await newRoom(`guide-${generator.language}`)
  for (const [n, file] of guide.files.entries()) await writeFile(join(folder, file), programs[n]?.text ?? '')
  await generate({ ...generator, generate: commands[index]?.text ?? '' }, folder)
  const [publisher, consumer] = guide.files
  const publish = await generator.compile(folder, publisher)
  const [command = '', ...options] = await generator.compile(folder, consumer)

  const settings = { ...KEYED, REDIS_URL: (await startRedis(t)).url }
  const { url, port, stop } = await startGateway(t, settings)
  const headers = { authorization: `Bearer ${KEY}` }
  const environment = { CARILLON_URL: url, CARILLON_TOKEN: KEY }
  const child = spawn(command, options, { cwd: folder, env: { ...ENVIRONMENT, ...environment }, detached: true })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text))
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 30_000
    while (!(await condition())) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${consumer} printed:\n${output}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  const listeners = async (): Promise<number> => {
    const answer = await fetch(`${url}/channels/orders/subscribers`, { headers })
    return ((await answer.json()) as { listeners: number }).listeners // as the contract says
  }
  try {
    await until(async () => (await listeners()) === 1)
    const published = await run(publish, folder, environment)
    if (!/^1 \S+$/m.test(published)) throw new Error(`${publisher} printed:\n${published}`)
    await until(() => /placed.*\{"id": ?7, ?"total": ?19\.9\}/.test(output))

    await stop('SIGTERM')
    await startGateway(t, { ...settings, PORT: `${port}` })
    await fetch(`${url}/channels/orders`, { method: 'POST', headers, body: 'while it reconnects' })
    await until(() => output.includes('while it reconnects'))
    if (/\bgap\b/.test(output)) throw new Error(`${consumer} missed something:\n${output}`)
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await exited
  }
}
