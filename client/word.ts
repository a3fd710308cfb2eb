import type { Gap } from './gap.js'
import type { State } from './upstream.js'

/** Between the tabs. `from` is the tab that says it. */
export type Word =
  | { kind: 'want'; from: string; topics: readonly string[] }
  | { kind: 'lead' }
  /** Asks the leading tab for its state after a silence. */
  | { kind: 'ask' }
  | { kind: 'message'; envelope: string; cursor: string }
  | { kind: 'gap'; gap: Gap }
  | { kind: 'state'; state: State; topics: readonly string[]; cursor: string; heardAt: number }
  | { kind: 'problem'; message: string }
