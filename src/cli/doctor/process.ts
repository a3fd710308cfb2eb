import { readFile } from 'node:fs/promises'
import { createAccess } from '../../access/create-access.js'
import { accessMode, isLoopbackAddress } from '../../access/mode.js'
import { type Config, ConfigError } from '../../config/config.js'
import { readConfig } from '../../config/environment.js'
import { everyFastPath } from '../../node-internals/every-fast-path.js'
import { workerCount } from '../../process/worker-count.js'
import { withoutSecrets } from '../../telemetry/clean-error.js'
import { silentLogger } from '../../telemetry/logger.js'
import { type Finding, ok, problem, unknown, warning } from './finding.js'

/** This machine and the settings in this environment. */
export async function checkProcess(): Promise<{ findings: Finding[]; config: Config | undefined }> {
  const { finding, config } = checkSettings()
  return {
    config,
    findings: [checkNode(process.versions.node), finding, ...(await checkOpenFiles()), await checkFastPaths()],
  }
}

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    return problem('Node', `${version} is too old`, 'Install 20.19 or later; the container image has 26.')
  return ok('Node', version)
}

function checkSettings(): { finding: Finding; config?: Config } {
  try {
    const config = readConfig(process.env)
    workerCount(config)
    return { finding: ok('settings', 'valid'), config }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      finding: problem('settings', error.message, 'carillon serve --help lists all settings with their valid values.'),
    }
  }
}

/** Of this shell; the gateway that runs tells its own, where its metrics can be read. */
async function checkOpenFiles(): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return [
    soft === undefined
      ? unknown('open files', 'this system does not report its limit')
      : openFiles('open files', Number(soft)),
  ]
}

export function openFiles(about: string, limit: number): Finding {
  const text = `at most ${limit}: about ${Math.max(0, limit - RESERVED)} clients`
  if (limit >= ENOUGH_FILES) return ok(about, text)
  return warning(about, text, 'ulimit -n 65536; LimitNOFILE=65536 in systemd; ulimits: nofile: 65536 in Compose.')
}

/** Of this Node and these libraries; the gateway that runs reports its own in its metrics. */
async function checkFastPaths(): Promise<Finding> {
  const paths = await everyFastPath()
  return fastPathFinding(
    'fast paths',
    paths.map(({ name, isInUse }) => [name, isInUse]),
  )
}

export function fastPathFinding(about: string, paths: readonly (readonly [name: string, isInUse: boolean])[]): Finding {
  const lost = paths.filter(([, isInUse]) => !isInUse).map(([name]) => name)
  if (lost.length === 0) return ok(about, `all ${paths.length} are in use`)
  return warning(
    about,
    `not in use: ${lost.sort().join(', ')}`,
    'Everything works, but slower with this Node or library version: docs/operate.md has the cost of each. Use a Node version that Carillon is tested on.',
  )
}

/** Descriptors that no client gets: listening, Redis, files. */
const RESERVED = 64
const ENOUGH_FILES = 10_000

/** Checks which machines can reach the gateway, and whether that was intended. */
export function checkExposure(config: Config): Finding {
  const { HOST } = config
  const isLocal = isLoopbackAddress(HOST) || HOST === 'localhost'
  const mode = accessMode(config)
  if (mode === 'rules')
    return ok('exposure', `HOST=${HOST}: ${isLocal ? 'local connections' : 'all connections'}, with access rules`)
  if (isLocal) return ok('exposure', `HOST=${HOST}: local connections only`)
  if (mode === 'local')
    return warning(
      'exposure',
      `HOST=${HOST} without access rules: requests from localhost are accepted, all others get 403`,
      'Set access rules: create a key with `carillon key`; docs/access.md has recipes.',
    )
  return warning(
    'exposure',
    `HOST=${HOST} with ALLOW_ANYONE_WITHOUT_ACCESS_RULES: anyone who can connect reads and publishes everything`,
    'Set access rules (docs/access.md), or make sure that only trusted clients can connect.',
  )
}

/** Whether the access rules can be used, as the gateway would read them at its start. */
export async function checkAccessRules(config: Config): Promise<Finding[]> {
  if (accessMode(config) !== 'rules') return []
  try {
    const access = await createAccess(config, { log: silentLogger })
    access.close()
    return [ok('access rules', 'valid'), ...(await checkRemoteKeys(config))]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [
      problem(
        'access rules',
        error.message,
        'The gateway cannot start with these rules; docs/access.md shows valid ones.',
      ),
    ]
  }
}

/** The keys that sign tokens, fetched as the gateway fetches them. */
async function checkRemoteKeys({ JWT_JWKS_URL }: Config): Promise<Finding[]> {
  if (JWT_JWKS_URL === undefined) return []
  const [jose, { fetchKeys, remoteKeySet }] = await Promise.all([
    import('jose'),
    import('../../access/tokens/remote-keys.js'),
  ])
  try {
    const keys = await fetchKeys(remoteKeySet(jose, new URL(JWT_JWKS_URL)))
    return [ok('token keys', `${keys.length} at ${withoutSecrets(JWT_JWKS_URL)}`)]
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error && cause.message ? cause.message : message
    return [
      problem(
        'token keys',
        withoutSecrets(`${JWT_JWKS_URL}: ${why}`),
        'Until it has fetched the keys once, the gateway answers 503 to tokens. Check that curl on this machine gets a JWK Set.',
      ),
    ]
  }
}
