import type { Redis } from 'ioredis'
import type { Target } from '../../brokers/redis/connection/connection.js'
import { diagnose } from '../../brokers/redis/connection/diagnosis.js'
import { Identity } from '../../brokers/redis/connection/identity.js'
import { nodeTarget, targetOfUrl } from '../../brokers/redis/connection/target.js'
import { type Config, ConfigError } from '../../config/config.js'
import { type Finding, ok, problem, unknown, warning } from './finding.js'
import { allowed, checkClients, checkClock, checkMemory, checkOutputBuffer, type Info } from './redis-resources.js'
import { checkRights } from './redis-rights.js'

/** Everything that the gateway needs of its Redis, tried with its own URL and user. */
export async function checkRedis(config: Config, channel: string): Promise<Finding[]> {
  if (config.REDIS_URL === undefined)
    return [unknown('Redis', 'REDIS_URL is not set: the embedded broker is used, for one process')]
  let target: Target
  let tls: boolean
  try {
    const to = targetOfUrl({
      url: config.REDIS_URL,
      tls: { ca: config.REDIS_CA_FILE, cert: config.REDIS_CERT_FILE, key: config.REDIS_KEY_FILE },
      sentinel: { username: config.REDIS_SENTINEL_USERNAME, password: config.REDIS_SENTINEL_PASSWORD },
    })
    const [seed] = to.kind === 'cluster' ? to.seeds : []
    target = to.kind === 'cluster' && seed ? nodeTarget(to.target, seed, to.tls) : to.target
    tls = target.tls !== undefined
  } catch (error) {
    if (error instanceof ConfigError) return [problem('Redis', error.message)]
    throw error
  }
  const { Redis: Client } = await import('ioredis')
  let cause: Error | undefined
  const open = () => {
    const redis = new Client({
      ...target,
      lazyConnect: true,
      // It asks for INFO, which may be refused.
      enableReadyCheck: false,
      connectTimeout: config.REDIS_TIMEOUT_MS * 3,
      commandTimeout: config.REDIS_TIMEOUT_MS * 3,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      sentinelRetryStrategy: () => null,
    })
    redis.on('error', (error: Error) => {
      cause ??= error // `connect` only says that the connection is closed
    })
    return redis
  }
  const [asking, listening] = [open(), open()]
  try {
    await Promise.all([asking.connect(), listening.connect()])
    return await examine(asking, listening, config, channel)
  } catch (error) {
    const trouble = diagnose(cause ?? (error as Error), { first: tls ? 'tls' : 'plain' })
    return [problem('Redis', trouble, ADVICE_FOR_CONNECTION)]
  } finally {
    asking.disconnect()
    listening.disconnect()
  }
}

const ADVICE_FOR_CONNECTION =
  'Check REDIS_URL, and whether redis-cli -u "$REDIS_URL" PING works on this machine. docs/settings.md lists the REDIS_… settings.'

async function examine(asking: Redis, listening: Redis, config: Config, channel: string): Promise<Finding[]> {
  const info = await readInfo(asking)
  return [
    ok('Redis', 'reachable, and the user is accepted'),
    checkVersion(info),
    checkRole(info, config),
    await checkRoundTrip(asking),
    ...(await checkRights(asking, listening, config, channel)),
    checkMemory(info),
    checkClients(info),
    await checkOutputBuffer(asking),
    await checkClock(asking),
  ]
}

/** INFO, and from elsewhere what matters most of it. Where all is refused there is nothing. */
async function readInfo(asking: Redis): Promise<Map<string, string>> {
  const info = parseInfo(await allowed(asking.info(), ''))
  const identity = new Identity(asking)
  const [role, version] = [info.get('role') ?? (await identity.role()), await identity.version()]
  if (role !== undefined) info.set('role', role)
  if (version !== undefined && !info.has('redis_version')) info.set('redis_version', version)
  return info
}

const parseInfo = (text: string): Map<string, string> =>
  new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]))

export function checkVersion(info: Info): Finding {
  const version = info.get('redis_version')
  if (version === undefined) return unknown('version', 'Redis refuses INFO and HELLO; the gateway needs 6.2 or later')
  const server = info.has('valkey_version') ? `Valkey ${info.get('valkey_version')}` : `Redis ${version}`
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 6 || (major === 6 && minor >= 2)) return ok('version', server)
  return problem('version', `${server} is too old`, 'The gateway needs 6.2 or later.')
}

function checkRole(info: Info, { REDIS_URL = '', REDIS_SHARDED }: Config): Finding {
  const role = info.get('role')
  const isCluster = info.get('cluster_enabled') === '1'
  if (role === undefined)
    return unknown(
      'role',
      'Redis refuses ROLE, INFO and HELLO, so a gateway would not notice that it publishes to a replica',
    )
  // Whether it belongs to a Cluster only INFO tells.
  if (info.has('cluster_enabled') && isCluster !== REDIS_URL.includes('+cluster'))
    return problem(
      'role',
      isCluster ? 'it is a node of a Cluster, but REDIS_URL is for a single server' : 'it is not a node of a Cluster',
      isCluster ? 'Use redis+cluster://host:port,host:port' : 'Use redis://host:port',
    )
  if (isCluster || (!info.has('cluster_enabled') && REDIS_URL.includes('+cluster')))
    return ok('role', `node of a Cluster, ${REDIS_SHARDED ? 'sharded' : 'classic'} Pub/Sub`)
  if (role !== 'master')
    return problem(
      'role',
      'it is a replica: messages that are published there do not reach all subscribers',
      'Use the master, or its Sentinels: redis+sentinel://host:26379,host:26379/master-name',
    )
  return ok('role', 'master')
}

async function checkRoundTrip(redis: Redis): Promise<Finding> {
  const times: number[] = []
  for (let i = 0; i < 15; i++) {
    const from = performance.now()
    await allowed(redis.ping(), 'PONG')
    times.push(performance.now() - from)
  }
  const median = times.sort((a, b) => a - b)[7] ?? 0
  const text = `${median.toFixed(1)} ms`
  if (median < SLOW_MS) return ok('round trip', text)
  return warning('round trip', text, 'Run the gateways close to their Redis: each publish waits for one round trip.')
}

const SLOW_MS = 20
