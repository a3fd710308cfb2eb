import { ConfigError } from '../config/config.js'

/** So many messages, or tickets, in so much time. */
export interface Rate {
  readonly count: number
  readonly seconds: number
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600 }
const rule = /^(\d{1,9})\/(\d{0,5})([smh])$/

/**
 * Reads `100/10s`, `6000/m`. The form is that of the setting's schema.
 * @throws ConfigError
 */
export function readRate(text: string, setting = 'PUBLISH_RATE'): Rate {
  const [, count = '', times = '', unit = ''] = rule.exec(text) ?? []
  const rate = { count: Number(count), seconds: (times === '' ? 1 : Number(times)) * (UNITS[unit] ?? 0) }
  if (rate.count > 0 && rate.seconds > 0 && rate.seconds <= MAX_SECONDS) return rate
  throw new ConfigError(
    `${setting} must be a positive number per time, at most per day (24h), as in 100/10s or 6000/m, and not ${JSON.stringify(text)}`,
  )
}

const MAX_SECONDS = 86_400
