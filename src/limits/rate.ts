import { ConfigError } from '../config/config.js'
import { durationMs } from '../messages/time.js'

/** So many messages, or tickets, in so much time. */
export interface Rate {
  readonly count: number
  readonly seconds: number
}

const rule = /^(\d{1,9})\/(\d{0,5})([smh])$/

/**
 * Reads `100/10s`, `6000/m`. The form is that of the setting's schema.
 * @throws ConfigError
 */
export function readRate(text: string, setting = 'PUBLISH_RATE'): Rate {
  const [, count = '', times = '', unit = ''] = rule.exec(text) ?? []
  const rate = { count: Number(count), seconds: durationMs(times || '1', unit) / 1000 }
  if (rate.count > 0 && rate.seconds > 0 && rate.seconds <= MAX_SECONDS) return rate
  throw new ConfigError(
    `${setting} must be a positive number per time, at most per day (24h), as in 100/10s or 6000/m, and not ${JSON.stringify(text)}`,
  )
}

const MAX_SECONDS = 86_400
