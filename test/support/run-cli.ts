import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'

export interface CliProcess {
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves when standard output satisfies the test; rejects when the program ends before. */
  until(wanted: RegExp, output?: 'stdout' | 'stderr'): Promise<void>
  type(input: string | Buffer): void
  leave(): void
  kill(signal?: NodeJS.Signals): void
  readonly exited: Promise<{ code: number | null; stdout: string; stderr: string }>
}

/** Runs the built program as a person does; it ends with the test. With `terminal`, on a pseudo-terminal. */
export function startCli(
  t: Pick<Test, 'teardown'>,
  args: string[],
  { environment = {}, terminal = false }: { environment?: Record<string, string>; terminal?: boolean } = {},
): CliProcess {
  const program = [process.execPath, packageFile('dist/cli.cjs'), ...args]
  const quoted = program.map(text => `'${text.replaceAll("'", "'\\''")}'`).join(' ')
  const [command = '', ...rest] = terminal
    ? ['script', '--quiet', '--return', '--flush', '--command', quoted, '/dev/null']
    : program
  const child = spawn(command, rest, { env: { PATH: process.env.PATH, TERM: 'xterm', ...environment } })
  const text = { stdout: '', stderr: '' }
  let wake = (): void => {}
  let ended = false
  for (const output of ['stdout', 'stderr'] as const)
    child[output].setEncoding('utf8').on('data', chunk => {
      text[output] += chunk
      wake()
    })
  const exited = once(child, 'close').then(([code]) => {
    ended = true
    wake()
    return { code: code as number | null, ...text }
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return {
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    type: input => child.stdin.write(input),
    leave: () => child.stdin.end(),
    kill: (signal = 'SIGTERM') => child.kill(signal),
    exited,
    until: (wanted, output = 'stdout') =>
      new Promise((resolve, reject) => {
        wake = () => {
          if (wanted.test(text[output])) resolve()
          else if (ended) reject(new Error(`the program ended; it wrote ${JSON.stringify(text)}`))
        }
        wake()
      }),
  }
}

/** Runs it to its end. */
export function runCli(
  t: Pick<Test, 'teardown'>,
  args: string[],
  options: { environment?: Record<string, string>; terminal?: boolean; input?: string | undefined } = {},
): CliProcess['exited'] {
  const cli = startCli(t, args, options)
  if (options.input !== undefined) cli.type(options.input)
  cli.leave()
  return cli.exited
}
