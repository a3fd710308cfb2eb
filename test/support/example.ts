import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { Inbox } from './inbox.js'

export interface Script extends Inbox<string> {
  /** Writes a line to its standard input. */
  type(line: string): void
  /** Ends its standard input, as Ctrl-D does. */
  leave(): void
  /** Asks it to end, by SIGTERM. */
  stop(): void
  /** Resolves with its exit code, when it and all it started have ended. */
  readonly exited: Promise<number | null>
}

/** Runs a script of the examples as a reader would; its lines, on both outputs, are the items. It ends with the test. */
export function runExample(
  t: Test,
  script: string,
  { args = [], environment = {} }: { args?: string[]; environment?: Record<string, string> } = {},
): Script {
  const child = spawn(process.execPath, [packageFile(`examples/${script}`), ...args], {
    env: { PATH: process.env.PATH, PORT: '0', ...environment },
  })
  const lines = new Inbox<string>()
  for (const output of [child.stdout, child.stderr]) createInterface(output).on('line', line => lines.put(line))
  const exited = once(child, 'close').then(([code]) => {
    lines.end()
    return code as number | null // as 'close' has it
  })
  t.teardown(async () => {
    child.kill()
    await exited
  })
  const type = (line: string) => child.stdin.write(`${line}\n`)
  return Object.assign(lines, { type, leave: () => child.stdin.end(), stop: () => void child.kill(), exited })
}

/** The address of the page that an example serves, as it prints it. */
export async function pageOf(example: Script): Promise<string> {
  const line = await example.find(line => line.includes('Page:'), 60_000)
  return /http:\S+/.exec(line)?.[0] ?? ''
}
