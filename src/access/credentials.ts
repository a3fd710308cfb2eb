import { Problem } from '../problems.js'

/** What a request shows to say who it is. */
export interface Shown {
  readonly way: 'header' | 'cookie' | 'subprotocol' | 'ticket'
  readonly value: string
}

export interface Carriers {
  /** The `Authorization` header. */
  readonly authorization?: string | undefined
  /** The `Cookie` header. */
  readonly cookie?: string | undefined
  /** The name of the cookie that may hold a token; undefined when none may. */
  readonly cookieName?: string | undefined
  /** The `Sec-WebSocket-Protocol` header. */
  readonly subprotocols?: string | undefined
  /** The ticket in the URL, on routes that take one. */
  readonly ticket?: string | undefined
}

/** What a server answers that was offered it: a subprotocol that holds no secret. */
export const SUBPROTOCOL = 'carillon'
/** Behind this stands a token, as browsers let a page choose no header of a WebSocket but this one. */
const SUBPROTOCOL_BEARER = 'carillon.bearer.'

/**
 * The one thing that the request shows; undefined when it shows nothing. RFC 6750 section 2: not more than one.
 * @throws Problem `malformed-credentials`
 */
export function shownCredentials(carriers: Carriers): Shown | undefined {
  const all = [...fromHeader(carriers), ...fromCookie(carriers), ...fromSubprotocol(carriers), ...fromTicket(carriers)]
  if (all.length > 1)
    throw malformed(
      `The request shows credentials in ${all.length} ways (${all.map(({ way }) => way).join(', ')}): show one.`,
    )
  return all[0]
}

function fromHeader({ authorization }: Carriers): Shown[] {
  if (authorization === undefined) return []
  const value = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1]
  if (value === undefined) throw malformed('The Authorization header is not of the form "Bearer <token>".')
  return [{ way: 'header', value }]
}

function fromCookie({ cookie, cookieName }: Carriers): Shown[] {
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

function fromSubprotocol({ subprotocols }: Carriers): Shown[] {
  if (subprotocols?.includes(SUBPROTOCOL_BEARER) !== true) return []
  const offered = subprotocols.split(',').map(name => name.trim())
  // The browser fails a handshake that answers none of what it offered, and the token must not be the answer.
  if (!offered.includes(SUBPROTOCOL))
    throw malformed(`Offer the subprotocol "${SUBPROTOCOL}" beside "${SUBPROTOCOL_BEARER}<token>".`)
  return offered
    .filter(name => name.startsWith(SUBPROTOCOL_BEARER))
    .map(name => ({ way: 'subprotocol', value: name.slice(SUBPROTOCOL_BEARER.length) }))
}

const fromTicket = ({ ticket }: Carriers): Shown[] => (ticket === undefined ? [] : [{ way: 'ticket', value: ticket }])

/** The answer to the subprotocols that a client offers: never one that holds a secret. */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(SUBPROTOCOL)) return SUBPROTOCOL
  for (const name of offered) if (!name.startsWith(SUBPROTOCOL_BEARER)) return name
  return false
}

/**
 * What has no business in a URL: parameters that others name so, and whatever looks like one of our keys or a JWT. Whether
 * it is valid is not looked at: it is in a log by now.
 */
export const holdsCredentials = (url: string): boolean => IN_QUERY.test(url)

const IN_QUERY =
  /[?&](?:access_token|id_token|token|jwt|bearer|authorization|api[-_]?key|key|secret|password)=|[?&][^=&]*=(?:carillon_[\w-]{43}|eyJ[\w-]*\.)/i

const malformed = (detail: string): Problem => new Problem('malformed-credentials', detail)
