import { isLoopbackHost } from '../access/mode.js'
import { withoutSecrets } from '../telemetry/clean-error.js'
import { CommandError, EXIT, type ExitCode } from './command.js'
import { oneLine } from './terminal.js'

/** The options of every command that speaks to a gateway. */
export const REMOTE_OPTIONS = {
  url: { type: 'string' },
  token: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

export const REMOTE_HELP = `  --url URL         the gateway; default: CARILLON_URL, or http://127.0.0.1:3000 (with PORT, that port)
  --token TOKEN     an API key or a token; default: CARILLON_TOKEN. Prefer the variable, because other users of
                    the machine can see the arguments of a process
`

/** A gateway that is spoken to over HTTP. */
export class Remote {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>

  /** @throws CommandError for a URL or a token that cannot be used; it never repeats what may be a secret */
  constructor({ url, token }: { url?: string | undefined; token?: string | undefined }, environment = process.env) {
    const given = url || environment.CARILLON_URL || `http://127.0.0.1:${environment.PORT || 3000}`
    const address = withScheme(given)
    const parsed = URL.canParse(address) ? new URL(address) : undefined
    if (!parsed || !/^https?:$/.test(parsed.protocol))
      throw new CommandError(
        EXIT.usage,
        `"${shownAddress(given)}" is not the URL of a gateway. Use a URL such as http://127.0.0.1:3000.`,
      )
    if (parsed.username || parsed.password || parsed.search || parsed.hash)
      throw new CommandError(
        EXIT.usage,
        'The address of the gateway must not contain a user name, a password, a query or a fragment.\nPass a key or a token by --token or CARILLON_TOKEN.',
      )
    this.url = parsed.href.replace(/\/$/, '')
    const secret = token || environment.CARILLON_TOKEN
    if (secret && !/^[!-~]+$/.test(secret))
      throw new CommandError(
        EXIT.usage,
        'The token contains a space, a line end or another character that no key or token has.\nCheck --token or CARILLON_TOKEN.',
      )
    this.headers = secret ? { authorization: `Bearer ${secret}` } : {}
  }

  /**
   * @throws CommandError when no answer came, with `exitCode` unknown when the request may have been executed
   */
  async fetch(path: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
    try {
      return await fetch(this.url + path, { ...init, headers: { ...this.headers, ...headers } })
    } catch (error) {
      if ((error as Error).name === 'AbortError' || (error as Error).name === 'TimeoutError') throw error
      throw this.#unreachable(error as Error, init.method === 'POST')
    }
  }

  /** @throws CommandError for every status but 2xx */
  async ask(path: string, init: Parameters<Remote['fetch']>[1] = {}): Promise<Response> {
    const response = await this.fetch(path, init)
    if (response.ok) return response
    throw await problemOf(response)
  }

  /**
   * The JSON of an answer, when it has the form that the contract promises.
   * @throws CommandError when something else than a gateway has answered
   */
  async askJson<Value>(
    path: string,
    isExpected: (value: unknown) => value is Value,
    init?: Parameters<Remote['fetch']>[1],
  ): Promise<Value> {
    const response = await this.ask(path, init)
    const value = parseJson(await response.text().catch(() => ''))
    if (isExpected(value)) return value
    throw new CommandError(EXIT.refused, `The answer of ${this.url} is not that of a Carillon gateway. Check the URL.`)
  }

  #unreachable(error: Error, mayBeDone: boolean): CommandError {
    const cause = (error.cause ?? error) as Error & { code?: string; errors?: { code?: string }[] }
    const code = oneLine(withoutSecrets(cause.code ?? cause.errors?.[0]?.code ?? cause.message))
    const sentNothing = Object.hasOwn(BEFORE_SENDING, code)
    const why = sentNothing ? BEFORE_SENDING[code] : code
    if (mayBeDone && !sentNothing)
      return new CommandError(
        EXIT.unknown,
        `The connection to ${this.url} broke (${why}). The message may or may not have been published.`,
        {
          cause,
        },
      )
    const advice =
      code === 'ECONNREFUSED' ? '\nStart a gateway with: carillon     Or name another one: --url, CARILLON_URL' : ''
    return new CommandError(EXIT.unavailable, `Cannot reach ${this.url}: ${why}.${advice}`, { cause })
  }
}

/** The connection was never made, so that nothing can have been done. */
const BEFORE_SENDING: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve now',
  'bad port': 'browsers and fetch block this port',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'no route to host',
  UND_ERR_CONNECT_TIMEOUT: 'connect timeout',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted (NODE_EXTRA_CA_CERTS names authorities of your own)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted (NODE_EXTRA_CA_CERTS names authorities of your own)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted (NODE_EXTRA_CA_CERTS names authorities of your own)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks HTTP without TLS: use http://',
}

/** The error text of the gateway, or a note that the answer is not from a gateway. */
export async function problemOf(response: Response): Promise<CommandError> {
  const { status } = response
  const text = await response.text().catch(() => '')
  const problem = parseProblem(text)
  const exitCode = exitCodeOf(status, problem?.type)
  if (!problem)
    return new CommandError(
      exitCode,
      `${new URL(response.url).origin} answered ${status}, but not like a Carillon gateway.`,
    )
  const advice = status === 401 ? '\nPass an API key or a token: --token, CARILLON_TOKEN' : ''
  return new CommandError(exitCode, `${oneLine(problem.title)} (${status}): ${oneLine(problem.detail)}${advice}`)
}

function exitCodeOf(status: number, type = ''): ExitCode {
  // The first try with the same key has not been answered yet.
  if (status === 504 || type.endsWith(':idempotency-key-in-flight')) return EXIT.unknown
  return status >= 500 || status === 429 ? EXIT.unavailable : EXIT.refused
}

function parseProblem(text: string): { type: string; title: string; detail: string } | undefined {
  const value = parseJson(text)
  if (!isRecord(value)) return undefined
  const { type, title, detail } = value
  return typeof type === 'string' && typeof title === 'string' && typeof detail === 'string'
    ? { type, title, detail }
    : undefined
}

/** Undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `localhost:3000` is http://localhost:3000. Other machines are asked by https, because a key may go along. */
function withScheme(address: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return address
  return `${isLoopbackHost(address.split('/', 1)[0] ?? '') ? 'http' : 'https'}://${address}`
}

/** For an address that cannot be parsed: everything before an @ may be a password. */
const shownAddress = (address: string): string =>
  oneLine(withoutSecrets(address.slice(address.lastIndexOf('@') + 1).replace(/[?#].*$/s, '')))
