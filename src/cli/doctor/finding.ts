/**
 * What the doctor says about one thing. `unknown` is what could not be checked; it is not a fault, and does not
 * count. A `warning` will hurt one day, a `problem` hurts now.
 */
export interface Finding {
  readonly level: 'ok' | 'unknown' | 'warning' | 'problem'
  readonly about: string
  readonly text: string
  /** What to do. */
  readonly advice?: string
}

type Report = (about: string, text: string, advice?: string) => Finding

const of =
  (level: Finding['level']): Report =>
  (about, text, advice) => ({ level, about, text, ...(advice !== undefined && { advice }) })

export const ok = of('ok')
export const unknown = of('unknown')
export const warning = of('warning')
export const problem = of('problem')

/** The first line of an error: others are for programs. */
export const firstLine = ({ message }: Error): string => message.split('\n', 1)[0] ?? ''
