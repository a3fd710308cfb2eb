import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { ConfigError } from '../../config.js'

export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/**
 * TLS to Redis, with what the files say.
 * @throws ConfigError for a file that cannot be read
 */
export function tlsOptions(files: TlsFiles): ConnectionOptions {
  const options: ConnectionOptions = {}
  for (const kind of ['ca', 'cert', 'key'] as const) {
    const path = files[kind]
    if (path === undefined) continue
    try {
      options[kind] = readFileSync(path)
    } catch (error) {
      throw new ConfigError(`REDIS_${kind.toUpperCase()}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    }
  }
  return options
}
