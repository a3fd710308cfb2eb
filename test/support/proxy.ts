import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { freePort } from './ports.js'
import { until } from './until.js'

export interface RunningProxy {
  readonly port: number
  readonly url: string
}

interface ProxyProgram {
  name: string
  /** The arguments that keep it in the foreground; it has `folder` for its files. */
  prepare(folder: string, port: number): Promise<string[]>
}

/** Starts a real proxy in the foreground on a free port of the loopback interface; it ends with the test. */
export async function startProxy(t: Test, { name, prepare }: ProxyProgram): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), `carillon-${name}-`))
  const port = await freePort()
  const child = spawn(name, await prepare(folder, port), {
    env: { PATH: `${process.env.PATH}:/usr/sbin` }, // where Debian puts it, and not in everybody's path
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let failure: Error | undefined
  let errors = ''
  child.stderr.on('data', chunk => (errors += chunk))
  child.once('error', error => (failure = new Error('run scripts/install-test-needs.sh', { cause: error })))
  child.once('exit', code => (failure = new Error(`${name} ended with ${code}:\n${errors}`)))
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    await rm(folder, { recursive: true, force: true })
  })
  await until(() => {
    if (failure) throw failure
    return answers(port)
  }, `${name} listens`)
  return { port, url: `http://127.0.0.1:${port}` }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** The one code block of `docs/deploy.md` in the language: what the docs advise is what the tests run. */
export function documented(language: string): string {
  const blocks = readFileSync(packageFile('docs/deploy.md'), 'utf8').split(`\`\`\`${language}\n`).slice(1)
  const [block] = blocks.map(text => text.slice(0, text.indexOf('```')))
  if (block === undefined || blocks.length > 1) throw new Error(`docs/deploy.md must have one block of ${language}`)
  return block
}

/** Replaces what must be there, so that a test never runs on a configuration it did not mean. */
export function replace(text: string, found: string | RegExp, replacement: string): string {
  if (typeof found === 'string' ? !text.includes(found) : !found.test(text))
    throw new Error(`there is no ${found} in:\n${text}`)
  return text.replace(found, () => replacement)
}
