import type { Gap } from './gap.js'

/** `idle`: nothing is subscribed to. `closed`: by `close()`, or refused for good. */
export type State = 'idle' | 'connecting' | 'open' | 'closed'

/** Events of the connection, in this tab or in another one. */
export interface Downstream {
  message(envelope: string, cursor: string): void
  gap(gap: Gap): void
  state(state: State): void
  /** These topics are subscribed now, and everything that they cover. */
  live(topics: readonly string[]): void
  problem(error: Error): void
}

/** Where the wishes of this tab go. */
export interface Upstream {
  want(topics: readonly string[]): void
  close(): void
}

export interface ConnectionOptions {
  /** The gateway, with a slash at its end. */
  url: URL
  /** Opens a stream of these topics once. */
  ticket: ((topics: readonly string[]) => Promise<string>) | undefined
  credentials: boolean
}

/** The state of the stream before, from which this one resumes. */
export interface Past {
  readonly topics: readonly string[]
  readonly cursor: string
  /** When something came from it last, in milliseconds since 1970. */
  readonly heardAt: number
}
