import type { EphemeralStore } from '../brokers/ephemeral-store.js'
import { type Config, ConfigError } from '../config/config.js'
import type { Logger } from '../telemetry/logger.js'
import { Access, PAGES, type Page, type TokenSide } from './access.js'
import { KeyRing, readApiKeys } from './api-keys.js'
import type { Rules } from './grants.js'
import { type AccessMode, accessMode, isLoopbackAddress, takesKeys, takesTokens } from './mode.js'
import { HOW_TO_OPEN, LOCAL_ONLY } from './no-rules.js'
import { RulesError, readRules } from './rules.js'

export interface AccessOptions {
  readonly log: Logger
  /** Where tickets are kept; without it there are none. */
  readonly ephemeralStore?: EphemeralStore | undefined
}

/**
 * Creates the access control that the settings ask for. Its creator closes it.
 * @throws ConfigError
 */
export async function createAccess(config: Config, { log, ephemeralStore }: AccessOptions): Promise<Access> {
  const stop = new AbortController()
  try {
    const anonymous = readGrants(config.ANONYMOUS_GRANTS, 'ANONYMOUS_GRANTS')
    const keys = new KeyRing()
    if (takesKeys(config)) await loadKeys(config, keys, log, stop.signal)
    const tokens = takesTokens(config) ? await loadTokens(config, log, stop.signal) : undefined
    const mode = accessMode(config)
    const publicPages = readPages(config.PUBLIC_PAGES)
    logMode(mode, config, log)
    return new Access({ mode, publicPages, anonymous, keys, tokens, ephemeralStore, stop: () => stop.abort() })
  } catch (error) {
    stop.abort()
    throw error
  }
}

function logMode(mode: AccessMode, { HOST }: Config, log: Logger): void {
  if (mode === 'open')
    log.warn(
      {},
      'The gateway has no access rules, and ALLOW_ANYONE_WITHOUT_ACCESS_RULES lets anyone publish and subscribe.',
    )
  if (mode !== 'local') return
  const isReachable = !isLoopbackAddress(HOST) && HOST !== 'localhost'
  log[isReachable ? 'warn' : 'info']({}, isReachable ? `${LOCAL_ONLY} ${HOW_TO_OPEN}` : LOCAL_ONLY)
}

async function loadKeys({ API_KEYS, API_KEYS_FILE }: Config, keys: KeyRing, log: Logger, stop: AbortSignal) {
  const fixed = API_KEYS === undefined ? [] : readApiKeys(API_KEYS, 'API_KEYS')
  keys.replace(fixed)
  if (API_KEYS_FILE === undefined) return
  const { watchConfigFile } = await import('./watched-file.js')
  const use = (text: string): void => keys.replace([...fixed, ...readApiKeys(text, 'API_KEYS_FILE')])
  watchConfigFile(API_KEYS_FILE, { setting: 'API_KEYS_FILE', use, log, stop })
}

/** Loads the code for tokens only if they are configured. */
async function loadTokens(config: Config, log: Logger, stop: AbortSignal): Promise<TokenSide> {
  const [jose, { publicKeys, secretKey, TokenKeys }, { Tokens }, { watchConfigFile }] = await Promise.all([
    import('jose'),
    import('./tokens/token-keys.js'),
    import('./tokens/tokens.js'),
    import('./watched-file.js'),
  ])
  const keys = new TokenKeys()
  const { JWT_SECRET, JWT_SECRET_FILE, JWT_KEYS_FILE, JWT_JWKS_URL } = config
  if (JWT_SECRET !== undefined) keys.replace('JWT_SECRET', [secretKey(JWT_SECRET, 'JWT_SECRET')])
  if (JWT_SECRET_FILE !== undefined) {
    const setting = 'JWT_SECRET_FILE'
    const use = (text: string): void => {
      const secrets = text.split(/\r?\n/).filter(line => line !== '')
      if (secrets.length === 0) throw new ConfigError(`${setting} has no secret`)
      keys.replace(
        setting,
        secrets.map(secret => secretKey(secret, setting)),
      )
    }
    watchConfigFile(JWT_SECRET_FILE, { setting, use, log, stop })
  }
  if (JWT_KEYS_FILE !== undefined) {
    const setting = 'JWT_KEYS_FILE'
    const use = (text: string): void => keys.replace(setting, publicKeys(text, setting))
    watchConfigFile(JWT_KEYS_FILE, { setting, use, log, stop })
  }
  const issuers = list(config.JWT_ISSUER)
  const audiences = list(config.JWT_AUDIENCE)
  let remote: import('./tokens/remote-keys.js').RemoteKeys | undefined
  if (JWT_JWKS_URL !== undefined) {
    // One provider signs for many: without these, any of its tokens would be accepted, even one for another service.
    if (issuers.length === 0 || audiences.length === 0)
      throw new ConfigError('JWT_JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE beside it')
    const { RemoteKeys, remoteKeySet } = await import('./tokens/remote-keys.js')
    remote = new RemoteKeys(remoteKeySet(jose, readKeyUrl(JWT_JWKS_URL)), keys, {
      url: JWT_JWKS_URL,
      refreshSeconds: config.JWT_JWKS_SECONDS,
      log,
    })
    stop.addEventListener('abort', () => remote?.close(), { once: true })
  }
  const rules = {
    issuers,
    audiences,
    type: config.JWT_TYPE,
    toleranceSeconds: config.JWT_CLOCK_TOLERANCE_SECONDS,
    maxAgeSeconds: config.JWT_MAX_AGE_SECONDS,
    claim: config.JWT_CLAIM,
    grants: readGrants(config.JWT_GRANTS, 'JWT_GRANTS') ?? {},
  }
  return { tokens: new Tokens({ jose, keys, remote, rules, log }), restore: proof => keys.restore(proof) }
}

/** Keys that come over plain HTTP could be anybody's. */
function readKeyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const local = url !== undefined && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url?.username || url?.password)
    throw new ConfigError('JWT_JWKS_URL must not contain a user name or password: they cannot be sent to the provider')
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local)) return url
  throw new ConfigError('JWT_JWKS_URL must be an https:// URL; http:// only on this machine')
}

function readGrants(text: string | undefined, setting: string): Rules | undefined {
  if (text === undefined) return undefined
  try {
    return readRules(JSON.parse(text))
  } catch (error) {
    throw new ConfigError(`${setting}: ${error instanceof RulesError ? error.message : 'it is not JSON'}`)
  }
}

function readPages(text: string): Set<Page> {
  const names = text === 'none' ? [] : list(text)
  for (const name of names)
    if (!(PAGES as readonly string[]).includes(name))
      throw new ConfigError(`PUBLIC_PAGES has ${JSON.stringify(name)}; pages are ${PAGES.join(', ')}`)
  return new Set(names as Page[]) // looked at above
}

const list = (text = ''): string[] => text.split(',').flatMap(item => (item.trim() === '' ? [] : [item.trim()]))
