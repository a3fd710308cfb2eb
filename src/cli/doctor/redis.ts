import type { Redis } from 'ioredis'
import type { Target } from '../../brokers/redis/connection/connection.js'
import { diagnose } from '../../brokers/redis/connection/diagnosis.js'
import { Identity } from '../../brokers/redis/connection/identity.js'
import { nodeTarget, targetOfUrl } from '../../brokers/redis/connection/target.js'
import { type Config, ConfigError } from '../../config/config.js'
import { type Finding, ok, problem, unknown, warning } from './finding.js'
import { checkRights, isRefusal } from './redis-rights.js'

/** Everything that the gateway needs of its Redis, tried with its own URL and user. */
export async function checkRedis(config: Config, channel: string): Promise<Finding[]> {
  if (config.REDIS_URL === undefined)
    return [unknown('Redis', 'REDIS_URL is not set: the embedded broker serves one process alone')]
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
  'Look at REDIS_URL, and whether redis-cli -u "$REDIS_URL" PING works from this machine. The REDIS_… settings are in docs/settings.md.'

async function examine(asking: Redis, listening: Redis, config: Config, channel: string): Promise<Finding[]> {
  const info = await readInfo(asking)
  return [
    ok('Redis', 'reachable, and it lets the user in'),
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

/** A refusal is not the end of an examination. */
function allowed<Value>(reply: Promise<Value>, instead: Value): Promise<Value> {
  return reply.catch((error: Error) => {
    if (isRefusal(error)) return instead
    throw error
  })
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

type Info = ReadonlyMap<string, string>

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
      'Redis refuses ROLE, INFO and HELLO: a gateway would not notice that it publishes at a replica',
    )
  // Whether it belongs to a Cluster only INFO tells.
  if (info.has('cluster_enabled') && isCluster !== REDIS_URL.includes('+cluster'))
    return problem(
      'role',
      isCluster ? 'it is a node of a Cluster, and REDIS_URL speaks of a single server' : 'it is no node of a Cluster',
      isCluster ? 'Use redis+cluster://host:port,host:port' : 'Use redis://host:port',
    )
  if (isCluster || (!info.has('cluster_enabled') && REDIS_URL.includes('+cluster')))
    return ok('role', `node of a Cluster, ${REDIS_SHARDED ? 'sharded' : 'classic'} Pub/Sub`)
  if (role !== 'master')
    return problem(
      'role',
      'it is a replica: what is published there does not reach everybody',
      'Name the master, or its Sentinels: redis+sentinel://host:26379,host:26379/master-name',
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
  const text = `${median.toFixed(1)} ms there and back`
  if (median < SLOW_MS) return ok('round trip', text)
  return warning('round trip', text, 'Run the gateways near their Redis: each publish waits for it once.')
}

const SLOW_MS = 20

export function checkMemory(info: Info): Finding {
  const policy = info.get('maxmemory_policy')
  const limit = Number(info.get('maxmemory') ?? 0)
  if (policy === undefined) return unknown('memory', 'the user may not ask for it (+info)')
  if (limit === 0) return ok('memory', 'no limit is set (maxmemory 0)')
  const used = Number(info.get('used_memory') ?? 0)
  const text = `${Math.round((used / limit) * 100)} % of maxmemory used, policy ${policy}`
  if (policy !== 'noeviction')
    return warning(
      'memory',
      `${text}: histories and idempotency keys may be evicted; listeners would be told a gap`,
      'Where HISTORY or Idempotency-Key matters: maxmemory-policy noeviction, in a Redis of its own. Plain Pub/Sub does not care.',
    )
  if (used > limit * 0.9)
    return warning(
      'memory',
      text,
      'Plain publishes go on when it is full; those with history get 503. Raise maxmemory.',
    )
  return ok('memory', text)
}

function checkClients(info: Info): Finding {
  const [connected, most] = [Number(info.get('connected_clients')), Number(info.get('maxclients'))]
  if (!Number.isFinite(connected) || !Number.isFinite(most))
    return unknown('connections', 'Redis does not tell its limit')
  const text = `${connected} of ${most} in use; a gateway needs two`
  if (connected < most * 0.9) return ok('connections', text)
  return warning('connections', text, 'Raise maxclients, or look for who holds so many: CLIENT LIST')
}

async function checkOutputBuffer(redis: Redis): Promise<Finding> {
  const answer = await allowed(redis.config('GET', 'client-output-buffer-limit') as Promise<string[]>, [])
  return outputBuffer(
    Array.isArray(answer) ? answer[1] : (answer as Record<string, string>)['client-output-buffer-limit'],
  )
}

/** As `CONFIG GET` has it: `normal 0 0 0 slave … pubsub 33554432 8388608 60`. */
export function outputBuffer(text: string | undefined): Finding {
  const [, hard, soft, seconds] = /pubsub (\d+) (\d+) (\d+)/.exec(text ?? '') ?? []
  if (hard === undefined)
    return unknown(
      'output buffer',
      'the user may not ask for client-output-buffer-limit (CONFIG GET); the default is sound',
    )
  const mib = (bytes: string | undefined) => `${Math.round(Number(bytes) / 1024 / 1024)} MiB`
  const says = `pubsub ${hard === '0' ? 'without a limit' : `${mib(hard)}, or ${mib(soft)} for ${seconds} s`}`
  if (hard === '0')
    return warning(
      'output buffer',
      says,
      'A gateway that hangs could fill Redis: client-output-buffer-limit pubsub 256mb 64mb 60',
    )
  if (Number(hard) < 8 * 1024 * 1024)
    return warning(
      'output buffer',
      says,
      'A burst cuts the gateways off: client-output-buffer-limit pubsub 32mb 8mb 60',
    )
  return ok('output buffer', says)
}

async function checkClock(redis: Redis): Promise<Finding> {
  const before = Date.now()
  const time = await allowed(redis.time(), undefined as unknown as [number, number])
  if (!time) return unknown('clock', 'the user may not ask Redis for the time (+time)')
  const [seconds, micros] = time.map(Number) as [number, number]
  return clock('Redis', seconds * 1000 + micros / 1000 - (before + Date.now()) / 2)
}

/** How far another clock is ahead of this one, in milliseconds. */
export function clock(whose: string, ahead: number): Finding {
  const text = `${whose} is ${Math.abs(ahead / 1000).toFixed(1)} s ${ahead < 0 ? 'behind' : 'ahead of'} this machine`
  if (Math.abs(ahead) < SKEWED_MS) return ok('clock', text)
  return warning('clock', text, 'Let both keep time by NTP: tokens expire, and gaps are told, by the clock.')
}

const SKEWED_MS = 2000
