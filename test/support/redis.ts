import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { freePort } from './ports.js'

export interface RedisServer {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** Runs `redis-cli` against the server; resolves with its standard output, without the last line end. */
  cli(...args: string[]): Promise<string>
  /** Ends the server with a signal and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface RedisServerOptions {
  port?: number
  /** Further arguments of `redis-server`, such as `['--requirepass', 'secret']`. */
  args?: string[]
  /** Where it keeps its files; a folder of its own by default. */
  dir?: string
}

/** Starts a real Redis on a free port of the loopback interface; it ends with the test. */
export async function startRedis(
  t: Pick<Test, 'teardown'>,
  { port, args = [], dir }: RedisServerOptions = {},
): Promise<RedisServer> {
  const at = port ?? (await freePort())
  const home = dir ?? (await mkdtemp(join(tmpdir(), 'carillon-redis-')))
  const command = ['--port', `${at}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', home, ...args]
  const server = spawn('redis-server', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  await ready(server)

  const stop = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const gone = once(server, 'exit')
    server.kill(signal)
    if (signal === 'SIGTERM') server.kill('SIGCONT')
    await gone
  }
  t.teardown(async () => {
    await stop()
    if (!dir) await rm(home, { recursive: true, force: true })
  })
  const cli = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('redis-cli', ['-h', '127.0.0.1', '-p', `${at}`, ...args])
    return stdout.replace(/\n$/, '')
  }
  return { port: at, url: `redis://127.0.0.1:${at}`, process: server, cli, stop }
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new Error('redis-server is missing: run scripts/install-test-needs.sh') : error)
    })
    const output: string[] = []
    server.once('exit', code => {
      reject(new Error(`redis-server ended with ${code} before it was ready:\n${output.join('\n')}`))
    })
    if (!server.stdout) return
    createInterface(server.stdout).on('line', line => {
      output.push(line)
      if (output.length > 5) output.shift()
      if (line.includes('Ready to accept connections')) resolve()
    })
  })
}
