import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageFile, packageVersion } from '../../src/support/package.js'

const run = promisify(execFile)

/** Registers the gateway, listens to it, publishes from the app's own code, and prints what was heard. */
const APP = `
  const app = Fastify({ routerOptions: { maxParamLength: 128 } })
  const gateway = await openGateway({ config: { MAX_MESSAGE_BYTES: 100 } })
  await app.register(carillon, { prefix: '/live', gateway })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const stream = await fetch(url + '/live/channels/news/events?limit=1')
  const { receivers } = await gateway.publish('news', 'hello', { event: 'greeting' })
  const document = await (await fetch(url + '/live/openapi.json')).json()
  console.log(JSON.stringify({ receivers, text: (await stream.text()).replace(/^:\\n/gm, '').split('\\n').slice(1), title: document.info.title }))
  await app.close()
`
const HEARD = { receivers: 1, text: ['event: greeting', 'data: hello', '', ''], title: 'Carillon' }

t.test('the package works in an empty folder', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-package-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  // It is built already; building it once more would pull it away from under other tests.
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [packed] = JSON.parse((await run('npm', pack, { cwd: packageFile('.') })).stdout) as {
    filename: string
    size: number
    files: { path: string }[]
  }[]
  t.ok(packed && packed.size < 2_000_000, `${packed?.size} bytes`)
  const paths = packed?.files.map(({ path }) => path) ?? []
  for (const path of ['dist/src/index.js', 'dist/src/index.d.ts', 'dist/cli.cjs', 'dist/carillon.cjs', 'openapi.yaml'])
    t.ok(paths.includes(path), path)
  t.same(
    paths.filter(path => /^(test|src|scripts|examples|bench)\/|\.cache$/.test(path)),
    [],
  )

  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }))
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--omit=dev', `./${packed?.filename}`]
  await run('npm', install, { cwd: folder })
  const node = async (file: string, text: string) => {
    await writeFile(join(folder, file), text)
    return run(process.execPath, [file], { cwd: folder })
  }

  await t.test('in ES modules', async t => {
    const { stdout, stderr } = await node(
      'app.mjs',
      `import Fastify from 'fastify'\nimport carillon, { openGateway } from 'carillon'\n${APP}`,
    )
    t.same([JSON.parse(stdout), stderr], [HEARD, ''])
  })

  await t.test('in CommonJS', async t => {
    const { stdout, stderr } = await node(
      'app.cjs',
      `const Fastify = require('fastify')\nconst carillon = require('carillon')\nconst { openGateway } = carillon\n;(async () => {${APP}})()`,
    )
    t.same([JSON.parse(stdout), stderr], [HEARD, ''])
  })

  await t.test('as a function, which nobody else loads', async t => {
    const text = `
      import { createRequire } from 'node:module'
      await import('carillon')
      const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some(path => path.includes('aws-lambda'))
      const before = isLoaded()
      const { createHandler } = await import('carillon/lambda')
      let refusal
      try { createHandler({ environment: {} }) } catch ({ name }) { refusal = name }
      console.log(JSON.stringify([before, isLoaded(), refusal]))`
    const { stdout } = await node('function.mjs', text)
    t.same(JSON.parse(stdout), [false, true, 'ConfigError'])
    const required = await node('function.cjs', "console.log(typeof require('carillon/lambda').createHandler)")
    t.equal(required.stdout, 'function\n')
  })

  await t.test('with types, in both', async t => {
    const text = `import Fastify from 'fastify'
import carillon, { type CarillonOptions, type OpenGateway, openGateway, Problem } from 'carillon'
import { createHandler, type LambdaHandler } from 'carillon/lambda'
export const handler: LambdaHandler = createHandler({ environment: { REDIS_URL: 'redis://127.0.0.1' } })
const app = Fastify()
const options: CarillonOptions = { config: { MAX_MESSAGE_BYTES: 100 } }
app.register(carillon, { prefix: '/live', ...options })
// @ts-expect-error a setting that does not exist
app.register(carillon, { config: { NOTHING: 1 } })
openGateway().then((gateway: OpenGateway) => gateway.publish('news', new Uint8Array(1)))
const status: number = new Problem('invalid-channel').status
console.log(status)
`
    await writeFile(join(folder, 'types.mts'), text)
    await writeFile(join(folder, 'types.cts'), text)
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--esModuleInterop']
    const types = ['--types', 'node', '--typeRoots', packageFile('node_modules/@types')]
    const tsc = [packageFile('node_modules/typescript/bin/tsc'), ...options, '--skipLibCheck', ...types]
    const { stdout } = await run(process.execPath, [...tsc, 'types.mts', 'types.cts'], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    )
    t.equal(stdout, '')
  })

  await t.test('with its program', async t => {
    t.ok((await readdir(join(folder, 'node_modules/.bin'))).includes('carillon'))
    const { stdout } = await run(join(folder, 'node_modules/.bin/carillon'), ['--version'])
    t.equal(stdout, `${packageVersion()}\n`)
  })
  t.match(await readFile(join(folder, 'node_modules/carillon/package.json'), 'utf8'), '"carillon"')
})
