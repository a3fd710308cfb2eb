import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { defaultConfig } from '../src/config/config.js'
import { packageFile } from '../src/support/package.js'
import { startGateway } from './support/gateway.js'
import { freePort } from './support/ports.js'

const read = (path: string): string => readFileSync(packageFile(path), 'utf8')

/** The instructions, with continued lines joined. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter(line => line !== '')
  .map(line => {
    const [, name = '', value = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    return { name, value }
  })
const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
const values = (name: string, from = lastStage): string[] =>
  from.filter(instruction => instruction.name === name).map(({ value }) => value)

t.test('all stages are of one Node, the one on which the suite runs once more', async t => {
  const images = values('FROM', instructions).map(value => value.split(' ')[0])
  t.ok(images.length > 1)
  t.same([...new Set(images)], ['node:26-slim'])
  t.match(read('.ci/run'), /npm install .* node@26$/m)
})

t.test('the image does not run as root', async t => {
  t.match(values('USER').at(-1), /^[1-9]\d*:[1-9]\d*$/)
})

t.test('the program is started without a shell, so that it gets the signals itself', async t => {
  t.same(values('CMD'), [])
  const [entrypoint = ''] = values('ENTRYPOINT')
  const command = JSON.parse(entrypoint) as string[]
  t.equal(values('WORKDIR')[0], '/app')
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } }
  t.equal(command.join(' '), scripts.start.replace('dist/', '/app/dist/'), 'as npm start does')
})

t.test('only production dependencies are in the image', async t => {
  const installs = values('RUN', instructions).filter(value => value.startsWith('npm ci'))
  t.same(installs, ['npm ci', 'npm ci --omit=dev'])
  t.ok(values('COPY').includes('--from=dependencies /app/node_modules ./node_modules'))
})

t.test('what is copied into the image exists, and is not held back by .dockerignore', async t => {
  const ignored = read('.dockerignore').split('\n')
  const sources = values('COPY', instructions)
    .filter(value => !value.startsWith('--from'))
    .flatMap(value => value.split(' ').slice(0, -1))
  t.ok(sources.length > 4)
  for (const source of sources) {
    t.ok(existsSync(packageFile(source)), source)
    t.notOk(ignored.includes(source), source)
  }
})

t.test('with the files of the image alone the gateway serves its documents and its page', async t => {
  const image = t.testdir({})
  const own = values('COPY').filter(value => !value.startsWith('--from=dependencies'))
  for (const source of own.flatMap(value =>
    value
      .replace(/^--from=\S+ \/app\//, '')
      .split(' ')
      .slice(0, -1),
  ))
    cpSync(packageFile(source), join(image, source), { recursive: true })
  const { url } = await startGateway(t, {}, join(image, 'dist/cli.cjs'))
  for (const path of ['/openapi.json', '/asyncapi.json', '/docs', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'])
    t.equal((await fetch(url + path)).status, 200, path)
})

t.test('the health check tells a gateway that lives from one that does not', async t => {
  const [healthCheck = ''] = values('HEALTHCHECK')
  const [command = '', ...args] = JSON.parse(healthCheck.slice(healthCheck.indexOf('CMD ') + 4)) as string[]
  const check = async (port: number) => {
    const child = spawn(command, args, { env: { PATH: process.env.PATH, PORT: `${port}` }, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    return code as number | null // as the event says
  }
  const { port } = await startGateway(t)
  t.equal(await check(port), 0)
  t.equal(await check(await freePort()), 1)
})

t.test('the image sets what its health check and a port mapping rely on', async t => {
  const environment = Object.fromEntries(values('ENV').flatMap(value => value.split(' ').map(pair => pair.split('='))))
  t.match(environment, { HOST: '0.0.0.0', PORT: `${defaultConfig.PORT}`, NODE_ENV: 'production' })
  t.same(values('EXPOSE'), [`${defaultConfig.PORT}`])
})
