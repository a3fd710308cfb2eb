import type { Config } from '../config/config.js'

/**
 * The clients that the gateway serves. `rules`: those with the rights. `local`: no rules, and only this machine.
 * `open`: there are none, and so be it.
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
