import type { Config } from '../config/config.js'

/**
 * Which clients the gateway serves. `rules`: those that have the rights. `local`: there are no rules, and it serves its
 * own machine. `open`: there are no rules, explicitly allowed.
 */
export type AccessMode = 'rules' | 'local' | 'open'

export function accessMode(config: Config): AccessMode {
  const hasRules = takesKeys(config) || takesTokens(config) || config.ANONYMOUS_GRANTS !== undefined
  if (hasRules) return 'rules'
  return config.ALLOW_ANYONE_WITHOUT_ACCESS_RULES ? 'open' : 'local'
}

export const takesKeys = ({ API_KEYS, API_KEYS_FILE }: Config): boolean =>
  [API_KEYS, API_KEYS_FILE].some(value => value !== undefined)

export const takesTokens = ({ JWT_SECRET, JWT_SECRET_FILE, JWT_KEYS_FILE, JWT_JWKS_URL }: Config): boolean =>
  [JWT_SECRET, JWT_SECRET_FILE, JWT_KEYS_FILE, JWT_JWKS_URL].some(value => value !== undefined)

/** Whether a peer's address is of this machine: RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
export const isLoopbackAddress = (address: string | undefined): boolean =>
  address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/i.test(address)

/**
 * Whether a `Host` leads to this machine from wherever it is looked up. A page of `evil.example` can have its own name
 * lead to 127.0.0.1 (DNS rebinding). Then its requests come from this machine, but they carry its name.
 */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])\.?(?::\d*)?$/i.test(host)
