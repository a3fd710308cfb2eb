import { Histogram } from './histogram.js'
import { METRICS, type Measured, type Sample } from './metrics.js'

/*
 * What Prometheus scrapes, by prom-client, which is loaded on the first scrape. Each process
 * gives a snapshot of its metrics, plain enough to be sent to another; several become one text.
 */

/** One metric of one process, in the shape that prom-client aggregates. */
export interface MetricSnapshot {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: string
  readonly values: readonly {
    readonly value: number
    readonly labels: Readonly<Record<string, string | number>>
    /** Where it differs: the parts of a histogram. */
    readonly metricName?: string
  }[]
}

export type Snapshot = readonly MetricSnapshot[]

/** The metrics of this process and of Node, as they are now. */
export async function takeSnapshot(gateway: Measured): Promise<Snapshot> {
  processMetrics ??= collectProcessMetrics()
  return [...own(gateway), ...(await (await processMetrics)())]
}

/** The text for Prometheus, of one process or several. */
export async function exposition(snapshots: readonly Snapshot[]): Promise<{ contentType: string; text: string }> {
  const { AggregatorRegistry } = await import('prom-client')
  const registry = AggregatorRegistry.aggregate([...snapshots])
  return { contentType: registry.contentType, text: await registry.metrics() }
}

/** Adds up the counters of processes that have ended. */
export async function addUp(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  const { AggregatorRegistry } = await import('prom-client')
  const growing = snapshots.map(snapshot => snapshot.filter(({ type }) => type !== 'gauge'))
  return (await AggregatorRegistry.aggregate(growing).getMetricsAsJSON()) as unknown as Snapshot // what went in, added up
}

function own(gateway: Measured): MetricSnapshot[] {
  return Object.entries(METRICS).flatMap(([name, { help, type, over = 'sum', read }]) => {
    const values = read(gateway).flatMap(sample => valuesOf(name, sample))
    return values.length === 0 ? [] : [{ name, help, type, aggregator: over, values }]
  })
}

function valuesOf(name: string, [labels, value]: Sample): MetricSnapshot['values'] {
  if (!(value instanceof Histogram)) return [{ labels, value }]
  let count = 0
  const buckets = value.counts.map((inBucket, i) => {
    count += inBucket
    return { metricName: `${name}_bucket`, labels: { ...labels, le: value.bounds[i] ?? '+Inf' }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: value.sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

let processMetrics: Promise<() => Promise<Snapshot>> | undefined

/** CPU, memory, descriptors, garbage, and how late the event loop is. */
async function collectProcessMetrics(): Promise<() => Promise<Snapshot>> {
  const { collectDefaultMetrics, Registry } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return async () => {
    const metrics = (await registry.getMetricsAsJSON()) as unknown as MetricSnapshot[] // its types leave out the values
    return metrics.map(metric => ({ ...metric, aggregator: AGGREGATORS[metric.name] ?? metric.aggregator }))
  }
}

/** Where prom-client's own choice hides something: the worst worker counts, and the start is not left out. */
const AGGREGATORS: Record<string, string> = {
  process_start_time_seconds: 'min',
  process_max_fds: 'min',
  nodejs_eventloop_lag_seconds: 'max',
  nodejs_eventloop_lag_p50_seconds: 'max',
  nodejs_eventloop_lag_p90_seconds: 'max',
  nodejs_eventloop_lag_p99_seconds: 'max',
}
