import { stdSerializers } from 'pino'
import { cleanError } from './clean-error.js'

/** Serializers for the objects in a log line: known fields only. The query of a request may hold a ticket. */
export const serializers = {
  req: ({ method, url }: { method: string; url: string }) => ({ method, url: url.replace(/\?.*$/s, '?…') }),
  err: (error: unknown) => stdSerializers.err(cleanError(error)),
}
