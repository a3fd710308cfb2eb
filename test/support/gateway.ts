import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { Test } from 'tap'
import carillon, { type CarillonOptions, serverOptions } from '../../src/app.js'
import { parseHistoryRules } from '../../src/brokers/history-rules.js'
import { RedisBroker } from '../../src/brokers/redis/broker.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { packageFile } from '../../src/support/package.js'
import { silentLogger } from '../../src/telemetry/logger.js'
import { freePort } from './ports.js'

/** A gateway inside this process, on a free port; it closes with the test. Without `redisUrl` on the embedded broker. */
export async function build(t: Test, { config = {}, redisUrl, ...rest }: CarillonOptions & { redisUrl?: string } = {}) {
  const settings: Config = { ...defaultConfig, ...config }
  const app = Fastify(serverOptions(settings))
  t.teardown(async () => {
    // `fetch` opens connections that it never uses, and for those the server would wait.
    const cut = setTimeout(() => app.server.closeAllConnections(), 100)
    await app.close()
    clearTimeout(cut)
  })
  const broker = redisUrl
    ? new RedisBroker(
        {
          url: redisUrl,
          timeout: settings.REDIS_TIMEOUT_MS,
          history: parseHistoryRules(settings.HISTORY),
          idempotencySeconds: settings.IDEMPOTENCY_SECONDS,
        },
        silentLogger,
      )
    : undefined
  await app.register(carillon, { config: settings, ...(broker && { broker }), ...rest })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo // it listens on TCP
  const url = `http://127.0.0.1:${port}`
  if (redisUrl) await untilReady(url)
  return { app, port, url }
}

export interface GatewayProcess {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** What it has written to its standard output and error so far. */
  readonly output: () => string
  /** Sends a signal and resolves with the exit code (null when the signal itself ended it). */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** The built program as a process of its own, ready to serve; it is killed with the test. */
export async function startGateway(
  t: Pick<Test, 'teardown'>,
  environment: Record<string, string> = {},
  program = packageFile('dist/cli.cjs'),
): Promise<GatewayProcess> {
  const port = environment.PORT ? Number(environment.PORT) : await freePort()
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, PORT: `${port}`, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const exited = once(child, 'exit')
  const stop = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
    return child.exitCode
  }
  t.teardown(() => stop())
  const url = `http://127.0.0.1:${port}`
  const early = exited.then(([code]) => Promise.reject(new Error(`the gateway ended with ${code}:\n${output}`)))
  early.catch(() => {})
  await Promise.race([untilReady(url, () => child.exitCode !== null || child.signalCode !== null), early])
  return { port, url, process: child, output: () => output, stop }
}

/** Resolves when `/readyz` says so; does not ask any more when it is gone. */
export async function untilReady(url: string, isGone = () => false): Promise<void> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline && !isGone()) {
    const ok = await fetch(`${url}/readyz`).then(
      response => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${url} did not become ready`)
}
