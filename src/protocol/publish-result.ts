import type { ProblemType } from './problem-types.js'

/** The outcome of a publication, or its problem. */
export type PublishResult = Published | { readonly problem: ProblemType }

export interface Published {
  /** Redis's own count of receivers. */
  readonly receivers: number
  /** The message's id, where its channel has a history. */
  readonly id?: string
  /** Its idempotency key was known: it was published before, and this is what became of it then. */
  readonly replayed?: true
}
