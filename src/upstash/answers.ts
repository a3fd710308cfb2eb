import type { Problem } from '../protocol/problems.js'

/** The result of a command as Redis returns it, before it becomes JSON. */
export type Reply = number | Buffer | string | readonly Reply[]

type ReplyJson = number | string | ReplyJson[]

export type UpstashAnswer = { result: ReplyJson } | { error: string }

/** With `Upstash-Encoding: base64` all text is base64, and numbers are numbers all the same. */
export function upstashAnswer(outcome: Reply | Problem, base64: boolean): UpstashAnswer {
  return outcome instanceof Error ? upstashError(outcome) : { result: toJson(outcome, base64 ? 'base64' : 'utf8') }
}

function toJson(reply: Reply, encoding: 'base64' | 'utf8'): ReplyJson {
  if (typeof reply === 'number') return reply
  if (typeof reply === 'string') return encoding === 'utf8' ? reply : Buffer.from(reply).toString(encoding)
  if (Buffer.isBuffer(reply)) return reply.toString(encoding)
  return (reply as readonly Reply[]).map(item => toJson(item, encoding)) // a Buffer is no array, which the type does not know
}

/** The first word tells programs what went wrong, as in Redis. */
export const upstashError = ({ status, message }: Problem): { error: string } => ({
  error: message.startsWith('EXECABORT ') ? message : `${CODES[status] ?? 'ERR'} ${message}`,
})

const CODES: Record<number, string> = { 401: 'WRONGPASS', 403: 'NOPERM' }
