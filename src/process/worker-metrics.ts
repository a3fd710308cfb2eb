import cluster, { type Worker } from 'node:cluster'
import { addUp, type Snapshot } from '../telemetry/exposition.js'

/*
 * A scrape reaches one worker, which reports all of them:
 *
 *     worker ──ask──▶ primary ──collect──▶ every worker
 *     worker ◀─all─── primary ◀─snapshot── every worker
 *
 * What a worker had counted is not forgotten when it ends: as Prometheus saw it last, it stays in
 * the sum, so that no counter ever goes back, which would look like a restart of all of them.
 */

/** How long the workers may take to tell; one that does not in time is taken as it was last seen. */
const TIMEOUT_MS = 1000

type FromWorker = { readonly askMetrics: number } | { readonly metrics: Snapshot; readonly round: number }
type ToWorker = { readonly collectMetrics: number } | { readonly allMetrics: readonly Snapshot[]; readonly ask: number }

/** In the primary: answers what workers ask. Returns a function to call with each worker that has ended. */
export function exchangeMetrics(): (ended: Worker) => void {
  const lastSeen = new Map<number, Snapshot>()
  /** The totals of workers that have ended. */
  let legacy: Promise<Snapshot> | undefined
  const rounds = new Map<number, { readonly missing: Set<number>; readonly done: () => void }>()
  let round = 0

  const heard = (id: number, number: number): void => {
    const open = rounds.get(number)
    if (open?.missing.delete(id) && open.missing.size === 0) open.done()
  }

  const collect = async (): Promise<Snapshot[]> => {
    const number = ++round
    const workers = Object.values(cluster.workers ?? {}).filter(worker => worker?.isConnected())
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, TIMEOUT_MS)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      rounds.set(number, { missing: new Set(workers.map(worker => worker?.id ?? 0)), done })
      for (const worker of workers) worker?.send({ collectMetrics: number } satisfies ToWorker, ignore)
    })
    rounds.delete(number)
    return [...lastSeen.values(), ...(legacy ? [await legacy] : [])]
  }

  cluster.on('message', (worker, message: FromWorker) => {
    if ('askMetrics' in message) {
      collect().then(allMetrics => {
        if (worker.isConnected()) worker.send({ allMetrics, ask: message.askMetrics } satisfies ToWorker, ignore)
      })
    } else if ('metrics' in message && !worker.isDead()) {
      lastSeen.set(worker.id, message.metrics)
      heard(worker.id, message.round)
    }
  })

  return ({ id }) => {
    for (const number of rounds.keys()) heard(id, number)
    const last = lastSeen.get(id)
    if (!last) return
    lastSeen.delete(id)
    const before = legacy
    legacy = (async () => addUp([...(before ? [await before] : []), last]))()
  }
}

/** A message to a process that is about to end may fail; then it has nothing to tell. */
const ignore = (): void => {}

/** In a worker: tells the primary when it asks, and resolves with the snapshots of all. */
export function gatherFromWorkers(take: () => Promise<Snapshot>): () => Promise<readonly Snapshot[]> {
  const waiting = new Map<number, (all: readonly Snapshot[]) => void>()
  let asked = 0
  process.on('message', (message: ToWorker) => {
    if ('collectMetrics' in message) {
      take().then(metrics => process.send?.({ metrics, round: message.collectMetrics } satisfies FromWorker))
    } else if ('allMetrics' in message) {
      waiting.get(message.ask)?.(message.allMetrics)
      waiting.delete(message.ask)
    }
  })
  return () =>
    new Promise((resolve, reject) => {
      const ask = ++asked
      const timer = setTimeout(() => {
        waiting.delete(ask)
        reject(new Error('the primary process does not tell the metrics of the workers'))
      }, 2 * TIMEOUT_MS)
      waiting.set(ask, all => {
        clearTimeout(timer)
        resolve(all)
      })
      process.send?.({ askMetrics: ask } satisfies FromWorker)
    })
}
