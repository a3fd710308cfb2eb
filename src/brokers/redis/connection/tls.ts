import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { ConfigError } from '../../../config/config.js'

export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/**
 * TLS to Redis, with what the files say.
 * @throws ConfigError for a file that cannot be read, or does not hold what it should
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
  const { ca, cert, key } = options
  if ((cert === undefined) !== (key === undefined))
    throw new ConfigError('REDIS_CERT_FILE and REDIS_KEY_FILE belong together')
  try {
    // A file without any certificate would count as an empty list of authorities.
    if (ca !== undefined) new X509Certificate(ca as Buffer) // as it was read
    createSecureContext(options)
  } catch (error) {
    const names = 'REDIS_CA_FILE, REDIS_CERT_FILE and REDIS_KEY_FILE'
    throw new ConfigError(`${names} are not PEM files of certificates and of the key to one`, { cause: error })
  }
  return options
}
