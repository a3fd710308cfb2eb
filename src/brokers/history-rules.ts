import { ConfigError } from '../config/config.js'
import { globMatcher } from '../messages/glob.js'
import { isGlob, isReservedChannel } from '../messages/names.js'
import { durationMs } from '../messages/time.js'
import type { HistoryRule } from './history.js'

/** Which channels have a history, and how much of it: the setting `HISTORY`. */
export class HistoryRules {
  readonly #rules: readonly { readonly covers: (channel: string) => boolean; readonly rule: HistoryRule }[]
  readonly #known = new Map<string, HistoryRule | undefined>()

  constructor(rules: readonly { readonly pattern: string; readonly rule: HistoryRule }[]) {
    this.#rules = rules.map(({ pattern, rule }) => ({ covers: globMatcher(pattern), rule }))
  }

  /** No channel has a history. */
  get isEmpty(): boolean {
    return this.#rules.every(({ rule }) => rule.length === 0)
  }

  /** The first that matches. */
  ruleOf(channel: string): HistoryRule | undefined {
    if (this.#rules.length === 0) return undefined
    const known = this.#known.get(channel)
    if (known !== undefined || this.#known.has(channel)) return known
    const rule = this.#find(channel)
    // Publishers choose the names, so the number of remembered names is bounded.
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(channel, rule)
    return rule
  }

  #find(channel: string): HistoryRule | undefined {
    if (isReservedChannel(channel)) return undefined
    const found = this.#rules.find(({ covers }) => covers(channel))?.rule
    return found && found.length > 0 ? found : undefined
  }
}

/**
 * Reads `pattern[=length[/age]]`, several by commas, as in `orders:*=1000/1h,chat:*`.
 * @throws ConfigError
 */
export function parseHistoryRules(text: string): HistoryRules {
  const items = text.split(',').filter(item => item.trim() !== '')
  return new HistoryRules(items.map(item => parseRule(item.trim())))
}

export const DEFAULT_HISTORY: HistoryRule = { length: 1000, ageSeconds: 3600 }
export const MAX_HISTORY_LENGTH = 100_000
const MAX_AGE_SECONDS = 30 * 86_400
const MAX_KNOWN = 10_000
const RULE = /^([^=]+)(?:=(\d{1,9})(?:\/(\d{1,9})([smhd]))?)?$/

function parseRule(item: string): { pattern: string; rule: HistoryRule } {
  const [, pattern, length, age, unit = ''] = RULE.exec(item) ?? []
  if (pattern === undefined) throw wrong(item, 'is not pattern[=length[/age]], with an age such as 30s, 10m, 2h or 7d')
  if (!isGlob(pattern)) throw wrong(item, 'has a pattern that is no Redis glob over channel names')
  const rule = {
    length: length === undefined ? DEFAULT_HISTORY.length : Number(length),
    ageSeconds: age === undefined ? DEFAULT_HISTORY.ageSeconds : durationMs(age, unit) / 1000,
  }
  if (rule.length > MAX_HISTORY_LENGTH) throw wrong(item, `keeps over ${MAX_HISTORY_LENGTH} messages`)
  if (rule.ageSeconds < 1 || rule.ageSeconds > MAX_AGE_SECONDS) throw wrong(item, 'has an age that is not 1s to 30d')
  return { pattern, rule }
}

const wrong = (item: string, what: string): ConfigError => new ConfigError(`HISTORY: ${JSON.stringify(item)} ${what}`)
