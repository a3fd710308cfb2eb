/** The fields of an error that may be logged, besides its name, message and stack. */
interface Details {
  readonly code?: string
  readonly syscall?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/**
 * A copy of an error for logs and terminals, with known fields only. Libraries attach what they were working on:
 * ioredis the arguments of a command, which may be `AUTH` or a message; TLS the whole certificate.
 */
export function cleanError(error: unknown, depth = 0): Error {
  const isError = typeof error === 'object' && error !== null && 'message' in error
  if (!isError) return new Error(withoutSecrets(String(error)))
  const { name, message, stack, code, syscall, cause, errors } = error as Error & Details
  const clean = new Error(withoutSecrets(String(message)))
  clean.stack = withoutSecrets(String(stack ?? message))
  // pino takes the type from the constructor.
  Object.defineProperty(clean, 'constructor', { value: error.constructor })
  Object.defineProperty(clean, 'name', { value: name })
  const isDeep = depth === MAX_DEPTH
  return Object.assign(clean, {
    ...(code !== undefined && { code }),
    ...(syscall !== undefined && { syscall }),
    ...(cause !== undefined && !isDeep && { cause: cleanError(cause, depth + 1) }),
    ...(Array.isArray(errors) && !isDeep && { errors: errors.map(each => cleanError(each, depth + 1)) }),
  })
}

const MAX_DEPTH = 4

/**
 * Text without what is often secret: the user name, password and query of each URL, the arguments that Redis quotes
 * when it does not know a command, and the text that V8 quotes when it is not JSON.
 */
export const withoutSecrets = (text: string): string =>
  withoutQuotedJson(
    text.replace(/:\/\/\S+/g, withoutCredentials).replace(/(?<=with args beginning with:)[^\n]*/g, ' …'),
  )

/** From `://` on. The user name and password end at the last @ before the path. */
const withoutCredentials = (url: string): string => url.replace(/^:\/\/[^/?#]*@/, '://').replace(/\?.*/s, '?…')

/** Searches with `indexOf`: a regular expression for this would take quadratic time. */
function withoutQuotedJson(text: string): string {
  const from = text.indexOf(QUOTE_STARTS)
  const to = text.lastIndexOf(QUOTE_ENDS)
  return from === -1 || to < from ? text : `${text.slice(0, from + QUOTE_STARTS.length)}…${text.slice(to)}`
}

const QUOTE_STARTS = 'Unexpected token '
const QUOTE_ENDS = ' is not valid JSON'
