import cluster, { type Address, type Worker } from 'node:cluster'
import type { Config } from '../config/config.js'
import type { Logger } from '../telemetry/logger.js'
import { isAtTerminal, STOP_SIGNALS, type StopSignal } from './signals.js'
import { exchangeMetrics } from './worker-metrics.js'

/**
 * Several processes on one port, each a gateway of its own. The primary serves nothing: it hands
 * connections out in turns, puts a new worker in the place of one that has crashed, and passes
 * on the signal to stop.
 */
export const isWorker = cluster.isWorker
export { gatherFromWorkers } from './worker-metrics.js'

/**
 * In a worker: resolves when the primary says to stop. A signal that reaches the whole process
 * group, as Ctrl-C does, reaches the workers too, and would count as a second one.
 */
export function stopRequested(): Promise<StopSignal> {
  for (const signal of STOP_SIGNALS) process.on(signal, () => {})
  return new Promise(resolve => {
    process.on('message', ({ stop }: { stop?: StopSignal }) => {
      if (stop) resolve(stop)
    })
  })
}

/** Starts the workers. Resolves when one listens; the process ends when none can, or after a signal. */
export function supervise(count: number, { DRAIN_SECONDS }: Config, log: Logger): Promise<Address> {
  const started = new Map<Worker, number>()
  let isServing = false
  let isStopping = false
  let crashes = 0
  let exitCode = 0
  const ended = exchangeMetrics()

  const start = (): void => {
    if (!isStopping) started.set(cluster.fork(), performance.now())
  }

  cluster.on('exit', (worker, code, signal) => {
    const lived = performance.now() - (started.get(worker) ?? 0)
    started.delete(worker)
    ended(worker)
    if (isStopping) {
      if (code !== 0) exitCode = 1
      if (started.size === 0) process.exit(exitCode)
      return
    }
    if (!isServing) process.exit(code || 1) // it has said why, and the others would say the same
    crashes = lived > STABLE_MS ? 0 : crashes + 1
    const delay = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** crashes) * (0.5 + Math.random() / 2)
    log.error({ worker: worker.process.pid, code, signal, restartMs: Math.round(delay) }, 'a worker has ended')
    setTimeout(start, delay)
  })

  const stop = (signal: StopSignal): void => {
    if (isStopping) end(started.keys())
    isStopping = true
    if (started.size === 0) process.exit(0)
    const tell = (worker: Worker): unknown => worker.isConnected() && worker.send({ stop: signal })
    for (const worker of started.keys()) tell(worker)
    cluster.on('listening', tell) // one that is still starting may not have heard it
    setTimeout(() => end(started.keys()), DRAIN_SECONDS * 1000 + GRACE_MS)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, stop)
  process.on('SIGHUP', () => {
    if (isAtTerminal) stop('SIGINT')
    else for (const { process } of started.keys()) process.kill('SIGHUP')
  })

  for (let i = 0; i < count; i++) start()
  return new Promise(resolve => {
    cluster.once('listening', (_worker, address) => {
      isServing = true
      resolve(address)
    })
  })
}

function end(workers: Iterable<Worker>): never {
  for (const worker of workers) worker.process.kill('SIGKILL')
  process.exit(1)
}

/** A worker that lived so long was not ended by how it starts. */
const STABLE_MS = 10_000
const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 10_000
/** Workers end themselves in time; this is for one that cannot. */
const GRACE_MS = 1000
