import type { TopicName } from './history.js'

/** The channels of a run. */
export const channelNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `f.${i}`)

/** Patterns over them, with what they mean in another notation: the oracle must not share a glob matcher with the code. */
export const PATTERNS: Readonly<Record<string, RegExp>> = {
  'f.*': /^f\./,
  'f.1*': /^f\.1/,
  'f.?': /^f\..$/,
  'f.[0-4]': /^f\.[0-4]$/,
  'f.1[^0-7]': /^f\.1[89]$/,
}

export function covers({ kind, name }: TopicName, channel: string): boolean {
  if (kind === 'channel') return name === channel
  const rule = PATTERNS[name]
  if (!rule) throw new Error(`the pattern ${name} has no meaning in patterns.ts`)
  return rule.test(channel)
}
