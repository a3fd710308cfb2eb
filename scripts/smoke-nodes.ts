import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { packageFile } from '../src/support/package.js'

/*
 * Installs the packed package as a user would, and runs it on each supported Node: the oldest one and every LTS line. The
 * suite runs on the first and the last of them; this finds what only a line in between breaks.
 */
const NODES = ['20.19.0', '22', '24', '26']

const folder = packageFile('.cache/nodes')
mkdirSync(folder, { recursive: true })
const npm = (args: string[], cwd: string): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, encoding: 'utf8' })

const installed = install()
let failed = 0
for (const version of NODES) {
  const node = nodeOf(version)
  const name = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  try {
    await smoke(node, installed)
    console.log(`ok ${name}: starts, streams, publishes, embeds, stops`)
  } catch (error) {
    failed++
    console.error(`not ok ${name}: ${(error as Error).message}`)
  }
}
process.exitCode = failed > 0 ? 1 : 0

/** The folder of an app that depends on the packed package. */
function install(): string {
  const app = join(folder, 'app')
  rmSync(app, { recursive: true, force: true })
  mkdirSync(app)
  npm(['pack', '--pack-destination', app], packageFile('.'))
  const [tarball = ''] = readdirSync(app)
  writeFileSync(join(app, 'package.json'), '{"private":true,"type":"module"}')
  npm(['install', `./${tarball}`], app)
  writeFileSync(
    join(app, 'embed.js'),
    `import Fastify from 'fastify'
import carillon from 'carillon'
const app = Fastify()
await app.register(carillon, { prefix: '/live' })
await app.ready()
const { statusCode } = await app.inject('/live/healthz')
await app.close()
process.exit(statusCode === 200 ? 0 : 1)
`,
  )
  return app
}

function nodeOf(version: string): string {
  const prefix = join(folder, version)
  if (!existsSync(prefix)) npm(['install', '--prefix', prefix, '--no-save', `node@${version}`], folder)
  return join(prefix, 'node_modules/node/bin/node')
}

async function smoke(node: string, app: string): Promise<void> {
  const port = await freePort()
  const program = join(app, 'node_modules/carillon/dist/cli.cjs')
  const gateway = spawn(node, [program, '--port', `${port}`], { env: { LOG_LEVEL: 'warn', DRAIN_DELAY_SECONDS: '0' } })
  let output = ''
  for (const stream of [gateway.stdout, gateway.stderr]) stream.on('data', chunk => (output += chunk))
  const exited = once(gateway, 'exit')
  try {
    const url = `http://127.0.0.1:${port}`
    await ready(url, gateway, () => output)
    const stream = await fetch(`${url}/channels/news/events?limit=1`)
    const published = await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
    if (published.status !== 200) throw new Error(`a publish is answered with ${published.status}`)
    const text = await stream.text()
    if (!text.includes('data: hello\n')) throw new Error(`the stream has ${JSON.stringify(text)}`)
  } finally {
    gateway.kill('SIGTERM')
  }
  const [code] = await exited
  if (code !== 0) throw new Error(`it stopped with ${code}: ${output}`)
  execFileSync(node, ['embed.js'], { cwd: app, stdio: 'pipe' })
}

async function ready(url: string, { exitCode }: ChildProcess, output: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (exitCode !== null) break
    if ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`it does not start: ${output()}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number } // it listens on TCP
  server.close()
  await once(server, 'close')
  return port
}
