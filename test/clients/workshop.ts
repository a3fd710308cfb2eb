import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { packageFile } from '../../src/support/package.js'
import { VERSIONS } from './versions.js'

/** Everything that is installed, generated and compiled is below this folder. */
export const CACHE = packageFile('.cache/clients')
const PYTHON = join(CACHE, 'python')
const NODE = join(CACHE, 'node')
const GO = join(CACHE, 'go')
const MAVEN = join(CACHE, 'maven')

/** Where the generated client and its program of one generator are. */
export const room = (name: string): string => join(CACHE, 'rooms', name)

/** The environment of every command: the installed tools first, and their caches in our folder. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [
    join(PYTHON, 'bin'),
    join(NODE, 'node_modules/.bin'),
    join(GO, 'bin'),
    packageFile('node_modules/.bin'),
    process.env.PATH,
    '/usr/local/go/bin', // where Go's own archive puts it, and not in everybody's path
  ].join(delimiter),
  GOPATH: join(GO, 'path'),
  GOBIN: join(GO, 'bin'),
  GOCACHE: join(GO, 'build'),
  GOFLAGS: '-modcacherw',
  GOTOOLCHAIN: 'local',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  OPENAPI_TS_TELEMETRY: 'off',
}

/** Runs a command and resolves with its standard output. @throws Error with the end of its output, when it fails */
export async function run(
  [command = '', ...options]: readonly string[],
  cwd: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const child = spawn(command, options, {
    cwd,
    env: { ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  let stdout = ''
  let output = ''
  child.stdout.on('data', text => (stdout += text))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text))
  const [code, signal] = await once(child, 'close')
  if (code === 0) return stdout
  throw new Error(`${[command, ...options].join(' ')} ended with ${code ?? signal}:\n${output.slice(-4000)}`)
}

const TIMEOUT_MS = 10 * 60_000

export const isInstalled = (command: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${command}`], { env: ENVIRONMENT }).status === 0

/** Installs once, and again when the pinned versions have changed. */
async function installed(folder: string, versions: object, install: () => Promise<unknown>): Promise<void> {
  const stamp = join(folder, 'versions.json')
  const wanted = JSON.stringify(versions)
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await install()
  await writeFile(stamp, wanted)
}

const pins = (versions: object, sign: string): string[] =>
  Object.entries(versions).map(([name, version]) => `${name}${sign}${version}`)

/** The tools of each kind, as pinned in `VERSIONS`. */
export const INSTALL = {
  python: () =>
    installed(PYTHON, VERSIONS.pypi, async () => {
      await run(['python3', '-m', 'venv', PYTHON], CACHE)
      await run([join(PYTHON, 'bin/pip'), 'install', '--quiet', ...pins(VERSIONS.pypi, '==')], CACHE)
    }),
  node: () =>
    installed(NODE, VERSIONS.npm, async () => {
      await writeFile(join(NODE, 'package.json'), '{ "private": true }')
      await run(['npm', 'install', '--no-audit', '--no-fund', '--save-exact', ...pins(VERSIONS.npm, '@')], NODE)
    }),
  go: () =>
    installed(GO, VERSIONS.go, async () => {
      const [tool = ''] = pins(VERSIONS.go, '@').filter(pin => pin.includes('/cmd/'))
      await run(['go', 'install', tool], CACHE)
    }),
} as const

/** A module of Go beside the generated package, with the pinned libraries that either of them imports. */
export async function goModule(folder: string): Promise<void> {
  const libraries = Object.entries(VERSIONS.go).filter(([name]) => !name.includes('/cmd/'))
  const requires = libraries.map(([name, version]) => `require ${name} ${version}\n`)
  await writeFile(join(folder, 'go.mod'), `module example\n\ngo 1.24\n\n${requires.join('')}`)
  await run(['go', 'mod', 'tidy'], folder)
}

/** Copies the jars that a generated pom.xml names to a folder. */
export async function jars(pom: string, folder: string): Promise<void> {
  const [plugin = ''] = pins(VERSIONS.maven, ':')
  const options = [`-Dmaven.repo.local=${MAVEN}`, '-DincludeScope=compile', `-DoutputDirectory=${folder}`]
  await run(['mvn', '--batch-mode', '--quiet', '--file', pom, ...options, `${plugin}:copy-dependencies`], CACHE)
}
