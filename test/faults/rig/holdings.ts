import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageFile } from '../../../src/support/package.js'
import { poll } from './signal.js'

/** What a process holds when all garbage has been collected. */
export interface Holdings {
  /** Timers of every kind, also those that do not keep the process alive. */
  readonly timers: number
  readonly heapBytes: number
}

/** Settings of a gateway that can be asked for its holdings. */
export const WITH_HOLDINGS = { NODE_OPTIONS: `--require "${packageFile('test/faults/rig/holdings-probe.cjs')}"` }

/** Asks a gateway that was started with `WITH_HOLDINGS`. */
export async function holdingsOf(pid: number): Promise<Holdings> {
  const path = join(tmpdir(), `carillon-holdings-${pid}`)
  process.kill(pid, 'SIGWINCH')
  let holdings: Holdings | undefined
  await poll(async () => {
    holdings = read(path)
    return holdings !== undefined
  }, 10_000)
  rmSync(path, { force: true })
  if (!holdings) throw new Error(`process ${pid} does not say what it holds`)
  return holdings
}

function read(path: string): Holdings | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holdings // as the probe writes it
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
