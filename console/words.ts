/* How numbers, times and reasons are written. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (value: number): string => whole.format(value)

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`
  const [size, unit] = value < 1_000_000 ? [value / 1000, 'kB'] : [value / 1_000_000, 'MB']
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `12:03:01`, local time; with milliseconds on demand. */
export function clock(at: number, milliseconds = false): string {
  const date = new Date(at)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return milliseconds ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time
}

const REASONS: Record<string, string> = {
  redis_connection_lost: 'the gateway lost its connection to Redis',
  redis_unavailable: 'the stream was opened during an outage of Redis',
  redis_slot_moved: "the channel's slot moved to another Redis node",
  history_trimmed: 'the history does not reach back that far',
  history_reset: 'the history was deleted or lost',
  cursor_unknown: 'the gateway does not know this position in the history',
  no_history: 'the channel has no history to resume from',
  disconnected: 'this page was not connected',
  resubscribed: 'the stream was opened again',
}

export const reasonInWords = (reason: string): string => REASONS[reason] ?? reason.replaceAll('_', ' ')
