import { ConfigError } from '../../../config/config.js'

/** One server of a deployment. */
export interface Node {
  readonly host: string
  readonly port: number
}

interface Access {
  readonly tls: boolean
  readonly username?: string
  readonly password?: string
}

/** Where Redis is and of what kind, as `REDIS_URL` says it. */
export type RedisAddress = Access &
  (
    | { readonly kind: 'standalone'; readonly at: Node | { readonly path: string }; readonly db: number }
    | { readonly kind: 'sentinel'; readonly sentinels: readonly Node[]; readonly master: string; readonly db: number }
    | { readonly kind: 'cluster'; readonly seeds: readonly Node[] }
  )

/**
 * Reads `REDIS_URL`:
 *
 *     redis://user:password@host:6379/0               rediss:// for TLS
 *     unix:///run/redis.sock
 *     redis+sentinel://user:password@host:26379,host:26379/master-name/0
 *     redis+cluster://user:password@host:6379,host:6379
 *
 * @throws ConfigError that never repeats the URL, as it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  if (url.startsWith('unix://')) return readSocket(url)
  const parts = URL_RULE.exec(url)?.groups
  if (!parts)
    throw new ConfigError(url.replace(USER_RULE, '').includes('@') ? UNESCAPED : `REDIS_URL is none of ${FORMS}`)
  const { tls: tlsMark, username, password, hosts = '', path = '' } = parts
  const kind = (parts.kind ?? '') as '' | '+sentinel' | '+cluster' // as the rule has it
  const access: Access = {
    tls: tlsMark !== undefined,
    ...(username ? { username: decode(username) } : {}),
    ...(password ? { password: decode(password) } : {}),
  }
  const segments = path.replace(/\/$/, '').split('/').slice(1)
  if (segments.length > { '+sentinel': 2, '+cluster': 0, '': 1 }[kind])
    throw new ConfigError('REDIS_URL has more than belongs behind the hosts')
  if (kind === '+sentinel') {
    const [master = '', db] = segments
    if (master === '') throw new ConfigError('REDIS_URL names no master: redis+sentinel://host:26379/master-name')
    return { ...access, kind: 'sentinel', sentinels: readNodes(hosts, 26_379), master: decode(master), db: readDb(db) }
  }
  const nodes = readNodes(hosts, 6379)
  if (kind === '+cluster') return { ...access, kind: 'cluster', seeds: nodes }
  const [node, ...more] = nodes
  if (!node || more.length > 0)
    throw new ConfigError('REDIS_URL with several hosts needs redis+sentinel:// or redis+cluster://')
  return { ...access, kind: 'standalone', at: node, db: readDb(segments[0]) }
}

const FORMS =
  'redis://host:port, rediss://host:port, unix:///path, redis+sentinel://host:port,…/master, redis+cluster://host:port,…'
// No further @: a password that holds one must not be read as part of a host, and shown as such.
const URL_RULE =
  /^(?:redis(?<tls>s)?(?<kind>\+sentinel|\+cluster)?):\/\/(?:(?<username>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/?#@]+)(?<path>(?:\/[^/?#@]*)*)$/
const USER_RULE = /(?<=:\/\/|^redis:)[^@/]*@/
const UNESCAPED = 'REDIS_URL has a user name or password whose / or @ is not percent-encoded (%2F, %40)'

/** `unix://user:password@/path?db=0`, as `redis-cli -u` and most drivers take it. */
function readSocket(url: string): RedisAddress {
  const { username, password, path, db } =
    /^unix:\/\/(?:(?<username>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<path>\/[^?#]+)(?:\?db=(?<db>\d+))?$/.exec(url)
      ?.groups ?? {}
  if (!path) throw new ConfigError('REDIS_URL names no socket: unix:///run/redis.sock')
  return {
    kind: 'standalone',
    tls: false,
    at: { path: decode(path) },
    db: readDb(db),
    ...(username ? { username: decode(username) } : {}),
    ...(password ? { password: decode(password) } : {}),
  }
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigError('REDIS_URL has a percent sign that is not followed by two hexadecimal digits')
  }
}

function readNodes(hosts: string, defaultPort: number): Node[] {
  return hosts.split(',').map(text => {
    const { host, ipv6, port } =
      /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<host>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {}
    const name = ipv6 ?? host
    if (!name || Number(port) > 65_535 || Number(port) === 0)
      throw new ConfigError('REDIS_URL has a host that is not host:port')
    return { host: name, port: port === undefined ? defaultPort : Number(port) }
  })
}

function readDb(text = ''): number {
  if (!/^\d*$/.test(text)) throw new ConfigError('REDIS_URL has a database that is not a number')
  return Number(text)
}
