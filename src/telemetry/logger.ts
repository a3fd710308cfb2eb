import { cleanError } from './clean-error.js'

/** The part of a pino logger that the domain uses. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** For the log of an app around the gateway: its own serializers would write all that an error carries. */
export function withCleanErrors(log: Logger): Logger {
  const clean = (details: object) => ('err' in details ? { ...details, err: cleanError(details.err) } : details)
  return {
    debug: (details, message) => log.debug(clean(details), message),
    info: (details, message) => log.info(clean(details), message),
    warn: (details, message) => log.warn(clean(details), message),
    error: (details, message) => log.error(clean(details), message),
  }
}
