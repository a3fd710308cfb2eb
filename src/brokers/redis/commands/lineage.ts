import type { Redis } from 'ioredis'

/**
 * What a server can say about the data that it has. A replica that is promoted may lack the last writes of
 * the old master, and so may a server that was restarted from a snapshot: what was there is acknowledged,
 * delivered and gone, and nothing in the data shows it. So each history notes which server wrote it last.
 */
export interface Lineage {
  /** Of this process of the server. */
  readonly server: string
  /**
   * Since when it has had every write, by `performance.now()`: what another server wrote later has come here
   * by a migration of its slot. Infinite: never, as it is a replica that was promoted, or always.
   */
  readonly completeSince: number
}

/**
 * Undefined where Redis does not say which process it is, as managed services may do. Then a failover is
 * only noticed where it set a history back behind what a reader knows.
 */
export async function readLineage(redis: Redis): Promise<Lineage | undefined> {
  const info = await redis.info().catch(refused)
  const fields = new Map((info ?? '').split('\r\n').map(line => readField(line)))
  const field = (name: string) => fields.get(name)
  const server = field('run_id')?.slice(0, SERVER_LENGTH)
  const uptime = Number(field('uptime_in_seconds'))
  if (!server || Number.isNaN(uptime)) return undefined
  const wasReplica = field('role') !== 'master' || !/^0*$/.test(field('master_replid2') ?? '')
  if (wasReplica) return { server, completeSince: Number.POSITIVE_INFINITY }
  if (field('aof_enabled') === '1' && (await writesThrough(redis)))
    return { server, completeSince: Number.NEGATIVE_INFINITY }
  return { server, completeSince: performance.now() - uptime * 1000 + MARGIN_MS }
}

/** The arguments of the scripts: the server, and for how many milliseconds it has had every write. */
export function lineageWords(lineage: Lineage | undefined): [server: string, tenure: string] {
  if (!lineage) return ['', '']
  const tenure = performance.now() - lineage.completeSince
  return [lineage.server, Number.isFinite(tenure) ? tenure.toFixed() : tenure > 0 ? 'inf' : '-inf']
}

/** A line of `INFO`: a name, a colon and a value. */
function readField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}

/** Nothing is acknowledged before it is on disk: a restart loses nothing. */
async function writesThrough(redis: Redis): Promise<boolean> {
  const answer = await redis.config('GET', 'appendfsync').catch(refused)
  return Array.isArray(answer) && answer[1] === 'always'
}

function refused(error: Error): undefined {
  if (error.name !== 'ReplyError') throw error
  return undefined
}

const SERVER_LENGTH = 16
/** The clocks of two servers of a Cluster differ by less, and Redis counts its uptime in whole seconds. */
const MARGIN_MS = 5000
