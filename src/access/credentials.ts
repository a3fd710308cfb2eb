import { MAX_ID_LENGTH } from '../messages/cursor.js'
import { Problem } from '../protocol/problems.js'
import { isApiKey } from './api-keys.js'

/** The credentials of a request. */
export interface Shown {
  readonly way: 'header' | 'X-API-Key' | 'cookie' | 'subprotocol' | 'ticket'
  readonly value: string
}

export interface CredentialFields {
  /** The `Authorization` header. */
  readonly authorization?: string | undefined
  /** The `X-API-Key` header. */
  readonly apiKey?: string | undefined
  /** The `Cookie` header. */
  readonly cookie?: string | undefined
  /** The name of the cookie that may hold a token; undefined when none may. */
  readonly cookieName?: string | undefined
  /** The `Sec-WebSocket-Protocol` header. */
  readonly subprotocols?: string | undefined
  /** The ticket in the URL, on routes that take one. */
  readonly ticket?: string | undefined
}

/** The subprotocol in the answer of the gateway. It holds no secret. */
export const SUBPROTOCOL = 'carillon'
/** Behind this stands a token, as browsers let a page choose no header of a WebSocket but this one. */
const SUBPROTOCOL_BEARER = 'carillon.bearer.'

/**
 * The one thing that the request shows; undefined when it shows nothing. RFC 6750 section 2: not more than one.
 * @throws Problem `malformed-credentials`
 */
export function shownCredentials(fields: CredentialFields): Shown | undefined {
  const all = [
    ...fromHeader(fields),
    ...fromApiKeyHeader(fields),
    ...fromCookie(fields),
    ...fromSubprotocol(fields),
    ...fromTicket(fields),
  ]
  if (all.length > 1)
    throw malformed(
      `The request has credentials in ${all.length} places (${all.map(({ way }) => way).join(', ')}). Send one.`,
    )
  return all[0]
}

function fromHeader({ authorization }: CredentialFields): Shown[] {
  if (authorization === undefined) return []
  const value = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1]
  if (value === undefined) throw malformed('The Authorization header must have the form "Bearer <key or token>".')
  return [{ way: 'header', value }]
}

function fromApiKeyHeader({ apiKey }: CredentialFields): Shown[] {
  if (apiKey === undefined) return []
  if (!isApiKey(apiKey))
    throw malformed('The X-API-Key header must contain one API key. Send tokens as "Authorization: Bearer <token>".')
  return [{ way: 'X-API-Key', value: apiKey }]
}

function fromCookie({ cookie, cookieName }: CredentialFields): Shown[] {
  if (cookie === undefined || cookieName === undefined) return []
  return cookies(cookie, cookieName).map(value => ({ way: 'cookie', value }))
}

/** The values of the cookies of that name. RFC 6265 section 4.2.1. */
export function cookies(header: string, name: string): string[] {
  return header.split(';').flatMap(pair => {
    const at = pair.indexOf('=')
    return at !== -1 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
}

function fromSubprotocol({ subprotocols }: CredentialFields): Shown[] {
  if (subprotocols?.includes(SUBPROTOCOL_BEARER) !== true) return []
  const offered = subprotocols.split(',').map(name => name.trim())
  // The browser fails a handshake that answers none of what it offered, and the token must not be the answer.
  if (!offered.includes(SUBPROTOCOL))
    throw malformed(
      `The handshake must offer the subprotocol "${SUBPROTOCOL}", too, beside "${SUBPROTOCOL_BEARER}<token>".`,
    )
  return offered
    .filter(name => name.startsWith(SUBPROTOCOL_BEARER))
    .map(name => ({ way: 'subprotocol', value: name.slice(SUBPROTOCOL_BEARER.length) }))
}

const fromTicket = ({ ticket }: CredentialFields): Shown[] =>
  ticket === undefined ? [] : [{ way: 'ticket', value: ticket }]

/**
 * The answer to the subprotocols that a client offers: the only one that the gateway speaks, or none. A client that
 * offered others then decides whether it goes on; browsers do not (RFC 6455 section 4.1).
 */
export const chooseSubprotocol = (offered: ReadonlySet<string>): string | false =>
  offered.has(SUBPROTOCOL) && SUBPROTOCOL

/**
 * Whether the query of a URL carries a key or a token: in a parameter with a name that others use for it, or by its value.
 * Whether it is valid does not matter, as it is in a log by now. Linear in the length of the URL, because it runs before
 * anything is known of the client.
 */
export function holdsCredentials(url: string): boolean {
  let name = url.indexOf('?') + 1
  if (name === 0) return false
  let value = 0
  for (let i = name; i <= url.length; i++) {
    const character = i < url.length ? url.charCodeAt(i) : AMPERSAND
    if (character === EQUALS_SIGN && value === 0) value = i + 1
    // A second question mark comes from clients that append "?access_token=" to a URL that already has a query.
    if (character !== AMPERSAND && character !== QUESTION_MARK) continue
    if (value > 0 && isCredential(decoded(url.slice(name, value - 1)), decoded(url.slice(value, i)))) return true
    name = i + 1
    value = 0
  }
  return false
}

const EQUALS_SIGN = 0x3d
const AMPERSAND = 0x26
const QUESTION_MARK = 0x3f

const isCredential = (name: string, value: string): boolean =>
  CREDENTIAL_NAMES.has(name.toLowerCase()) || API_KEY.test(value) || isToken(value)

const CREDENTIAL_NAMES: ReadonlySet<string> = new Set([
  'access_token',
  'id_token',
  'token',
  'jwt',
  'bearer',
  'authorization',
  'api_key',
  'api-key',
  'apikey',
  'key',
  'secret',
  'password',
])
const API_KEY = /^carillon_[\w-]{43}/i

/**
 * Whether the text is a JSON Web Token (RFC 7515 section 7.1): its first part is a JSON object in base64url. A cursor also
 * consists of base64url parts with dots between them, but none of its parts is as long as the header of a token.
 */
function isToken(text: string): boolean {
  const end = text.indexOf('.')
  if (end <= MAX_ID_LENGTH || text.charCodeAt(0) !== BASE64_OF_BRACE) return false
  try {
    JSON.parse(Buffer.from(text.slice(0, end), 'base64url').toString()) // an object, as it begins with a brace
    return true
  } catch {
    return false
  }
}

/** The first character of base64url text that begins with `{`. */
const BASE64_OF_BRACE = 0x65 // e

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text // the URL is malformed, which is reported elsewhere
  }
}

const malformed = (detail: string): Problem => new Problem('malformed-credentials', detail)
