/** What a run must never show. */
export type ViolationKind =
  | 'executed twice'
  | 'executed although refused'
  | 'answered 200 and not executed'
  | 'several ids'
  | 'not kept'
  | 'kept twice'
  | 'unanswered'
  | 'slow answer'
  | 'unexpected answer'
  | 'delivered twice'
  | 'out of order'
  | 'never published'
  | 'wrong event type'
  | 'lost outside a gap'
  | 'gap told twice'
  | 'gap of a strange topic'
  | 'gap that ends before it begins'
  | 'scenario'

export interface Violation {
  readonly kind: ViolationKind
  readonly detail: string
}

export interface Figures {
  publishes: number
  executed: number
  /** How many publications had each outcome. */
  outcomes: Record<string, number>
  deliveries: number
  gaps: number
  lostInGaps: number
  lostAtEnd: number
  /** Never came from the node of a Cluster that executed it to another. */
  lostOnBus: number
  lostOutsideGaps: number
  duplicates: number
  maxAnswerMs: number
  p99AnswerMs: number
}

export interface Verdict {
  readonly violations: Violation[]
  readonly figures: Figures
}

export interface Rules {
  /** How far two readings of the clock may differ in what they mean. */
  toleranceMs: number
  /** How long before its end a stream may have had its last message. */
  endToleranceMs: number
  /** A publish that takes longer is a violation. Generous, as the machine may be slow: the figures tell the truth. */
  answerWithinMs: number
  /** What was answered 200 is in the history at the end. */
  isKept: boolean
  /** `one`: there is one order. `any`: a stream follows the order of one of the nodes, and may change it at a gap. */
  order: 'one' | 'any'
}

export const defaultRules: Rules = {
  toleranceMs: 10,
  endToleranceMs: 500,
  answerWithinMs: 3000,
  isKept: true,
  order: 'one',
}

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
