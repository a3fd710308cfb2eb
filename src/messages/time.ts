/**
 * Milliseconds since 1970 of a time or a date as RFC 3339 writes it; a date stands for its midnight in UTC. `NaN` when it
 * is written like one and does not exist, undefined when it is something else.
 */
export function readTime(text: string): number | undefined {
  const [, year, month, day, hour] = TIME.exec(text) ?? []
  if (day === undefined) return undefined
  // Date.parse carries 31 February over into March, and the hour 24 into the next day.
  if (Number(day) > daysIn(Number(year), Number(month)) || hour === '24') return Number.NaN
  return Date.parse(text.toUpperCase())
}

/** The milliseconds of a duration such as `30s`, `10m`, `2h` or `7d`, whose parts a rule has taken apart. */
export const durationMs = (amount: string, unit: string): number => Number(amount) * (UNIT_MS[unit] ?? 0)

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** RFC 3339 section 5.6. */
const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt](\d{2}):\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2}))?$/

/** Date.UTC takes the years below 100 for those of the last century; the calendar repeats every 400 years. */
const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
