import { ConfigError } from '../../src/config/config.js'

/**
 * Where a request comes from, as far as its browser tells; a page cannot forge these headers.
 *
 * - `none`: no sign of a page. Programs say nothing, and neither does a person who types a URL.
 * - `own`: a page of the gateway's own origin.
 * - `listed`: a page of an origin that ALLOWED_ORIGINS names, or of this machine while the gateway serves only that.
 * - `any`: some other page, and ALLOWED_ORIGINS is `*`.
 * - `foreign`: any other page.
 */
export type Provenance = 'none' | 'own' | 'listed' | 'any' | 'foreign'

export interface OriginHeaders {
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | undefined
  readonly 'sec-fetch-mode'?: string | undefined
}

/** The pages that may use the gateway. */
export class Origins {
  readonly #listed: ReadonlySet<string>
  readonly #any: boolean
  readonly #local: boolean

  /**
   * @param text origins between commas, or `*`
   * @param local pages of this machine are allowed, too, on any port: a dev server, for example
   * @throws ConfigError
   */
  constructor(text: string, { local = false } = {}) {
    this.#local = local
    const entries = text.split(',').flatMap(entry => (entry.trim() === '' ? [] : [entry.trim()]))
    this.#any = entries.includes('*')
    this.#listed = new Set(entries.filter(entry => entry !== '*').map(readOrigin))
  }

  /** Whether pages of other origins are wanted at all. */
  get crossOrigin(): boolean {
    return this.#any || this.#local || this.#listed.size > 0
  }

  /** @param host where the request was sent to, as its sender has it */
  judge(headers: OriginHeaders, host: string | undefined): Provenance {
    const { origin } = headers
    const site = headers['sec-fetch-site']
    if (origin === undefined) return this.#any || !isEmbedded(headers) ? 'none' : 'foreign'
    // The finding of the browser also holds behind a proxy that changes the Host.
    if (site === 'same-origin' || (host !== undefined && sameHost(origin, host))) return 'own'
    if (this.#listed.has(origin) || (this.#local && isLocalOrigin(origin))) return 'listed'
    return this.#any ? 'any' : 'foreign'
  }
}

/**
 * A page of another site can also load a URL without an Origin, as an image or a script. Following a link is allowed.
 */
const isEmbedded = ({ 'sec-fetch-site': site, 'sec-fetch-mode': mode }: OriginHeaders): boolean =>
  (site === 'cross-site' || site === 'same-site') && mode !== 'navigate'

/** An origin says its port only where it is not the usual one; TLS may end in front of the gateway. */
function sameHost(origin: string, host: string): boolean {
  const of = /^https?:\/\/(.+)$/.exec(origin)?.[1]
  return of !== undefined && withoutUsualPort(of) === withoutUsualPort(host.toLowerCase())
}

const withoutUsualPort = (host: string): string => host.replace(/:(?:80|443)$/, '')

/** As a browser writes it: RFC 6454 section 6.2. */
function readOrigin(text: string): string {
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\s\\]+)\/?$/i.exec(text) ?? []
  if (scheme === undefined || authority === undefined)
    throw new ConfigError(
      `ALLOWED_ORIGINS must hold origins such as https://example.com, and has ${JSON.stringify(text)}`,
    )
  return /^https?$/i.test(scheme) && URL.canParse(text)
    ? new URL(text).origin
    : `${scheme}://${authority}`.toLowerCase()
}

/** `http://localhost:5173`, for example. A page of another site cannot have such an origin, not even by DNS rebinding. */
const isLocalOrigin = (origin: string): boolean =>
  /^https?:\/\//.test(origin) && isLocalHost(origin.replace(/^https?:\/\//, ''))

/** Names that only lead to this machine: no page of another site can have one of them as its own. */
export const isLocalHost = (host: string): boolean =>
  /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host)
