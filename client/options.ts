import type { Gap } from './gap.js'
import type { State } from './upstream.js'

export interface CarillonOptions {
  /** The gateway, with a slash at its end; where the page came from by default. */
  url?: string | URL
  /** Channels and patterns that are on the connection from the start. What they cover is subscribed to at once, whenever. */
  topics?: readonly string[]
  /** A token or key for publishing and for tickets: kept in memory, sent in a header, never in a URL. */
  token?: string | (() => string | Promise<string>)
  /** A fresh ticket for a stream of these topics, where your own server has them made. By default `token` buys them at the gateway. */
  ticket?: (topics: readonly string[]) => Promise<string>
  /** Send cookies to a gateway of another origin. */
  credentials?: boolean
  /** One connection for all tabs; tabs with other rights need another name. Where the browser cannot, each has its own. */
  share?: boolean | string
  /** Go on after a reload of the page where it was; two such clients on one page need two names. */
  remember?: boolean | string
  onState?: (state: State) => void
  onGap?: (gap: Gap) => void
  /** The gateway refused something, for good or for one of the topics. */
  onProblem?: (error: Error) => void
}

export interface SubscribeOptions {
  /** Only messages of this event type. */
  event?: string
  /** Reports possibly missed messages of these topics. */
  onGap?: (gap: Gap) => void
}

export interface Subscription {
  /** Resolves when what is published from now on arrives. */
  readonly live: Promise<void>
  close(): void
}

export interface PublishOptions {
  event?: string
  contentType?: string
  /** The `Idempotency-Key`: a random one by default. */
  key?: string
  /** How often to ask again after what passes; 3 by default. */
  retries?: number
}
