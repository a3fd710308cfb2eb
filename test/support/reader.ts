import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { Inbox } from './inbox.js'

export interface Reader {
  /** Resolves with what the command prints. Rejects when it fails, also by an HTTP status. */
  run(command: string): Promise<string>
  /** Starts a command that goes on; its lines are the items. It ends with the test. */
  listen(command: string): Inbox<string>
}

/** Somebody at a shell in the root of the repository, where `carillon` is installed, who types what the docs print. */
export async function openReader(t: Pick<Test, 'teardown'>, environment: Record<string, string>): Promise<Reader> {
  const home = await mkdtemp(join(tmpdir(), 'carillon-reader-'))
  t.teardown(() => rm(home, { recursive: true, force: true }))
  const program = join(home, 'carillon')
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${packageFile('dist/cli.cjs')}' "$@"\n`)
  await chmod(program, 0o755)
  await writeFile(join(home, '.curlrc'), 'silent\nfail-with-body\n')
  const env = { PATH: `${home}:${process.env.PATH}`, HOME: home, ...environment }
  const cwd = packageFile('.')
  return {
    run: async command => {
      const script = `set -o pipefail\n${command}`
      return (await promisify(execFile)('bash', ['-c', script], { env, cwd, timeout: 120_000 })).stdout
    },
    listen: command => {
      const child = spawn('bash', ['-c', `exec ${command}`], { env, cwd, stdio: ['pipe', 'pipe', 'ignore'] })
      const lines = new Inbox<string>()
      createInterface(child.stdout).on('line', line => lines.put(line))
      const exited = once(child, 'close').then(() => lines.end())
      t.teardown(async () => {
        child.kill('SIGKILL')
        await exited
      })
      return lines
    },
  }
}
