import { ConfigError } from './config.js'

/** So many messages in so much time. */
export interface Rate {
  readonly count: number
  readonly seconds: number
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600 }
const rule = /^(\d{1,9})\/(\d{0,5})([smh])$/

/** Reads `100/10s`, `6000/m`. The form is that of the setting's schema. */
export function readRate(text: string): Rate {
  const [, count = '', times = '', unit = ''] = rule.exec(text) ?? []
  const rate = { count: Number(count), seconds: (times === '' ? 1 : Number(times)) * (UNITS[unit] ?? 0) }
  if (rate.count > 0 && rate.seconds > 0 && rate.seconds <= MAX_SECONDS) return rate
  throw new ConfigError('PUBLISH_RATE must be a count of messages in a time of at most a day, as in 100/10s or 6000/m')
}

const MAX_SECONDS = 86_400
