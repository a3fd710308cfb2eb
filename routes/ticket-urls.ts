import { TICKET_LENGTH } from '../src/access/tickets.js'
import type { Config } from '../src/config/config.js'
import { Problem } from '../src/protocol/problems.js'

export interface TicketScope {
  readonly channels: readonly string[]
  readonly patterns: readonly string[]
  readonly rights: readonly string[]
}

export interface TicketUrls {
  readonly events?: string
  readonly ws: string
}

/** The ticket goes to the end of them. */
export function urlsOf(prefix: string, { channels, patterns, rights }: TicketScope): TicketUrls {
  const [only] = channels
  const single = only !== undefined && channels.length === 1 && patterns.length === 0
  const query = new URLSearchParams()
  if (!single) for (const channel of channels) query.append('channel', channel)
  for (const pattern of patterns) query.append('pattern', pattern)
  const at = prefix + (single ? `/channels/${only}` : '')
  const ws = `${at}/ws?ticket=`
  if (!rights.includes('subscribe')) return { ws }
  query.append('ticket', '')
  return { events: `${at}/events?${query}`, ws }
}

/**
 * The stored form of a ticket is bounded. Its URL fits into the head of a request, with room for the other fields.
 * @throws Problem `invalid-request`
 */
export function requireSmall(
  names: readonly string[],
  { events = '' }: TicketUrls,
  { MAX_HEADER_BYTES }: Config,
): void {
  const bytes = names.reduce((sum, name) => sum + name.length, 0)
  if (bytes > MAX_NAMES_BYTES)
    throw new Problem(
      'invalid-request',
      `The channels and patterns have ${bytes} bytes together; a ticket takes at most ${MAX_NAMES_BYTES}. ${FEWER}`,
    )
  const urlBytes = events.length + TICKET_LENGTH
  const most = MAX_HEADER_BYTES - Math.min(OTHER_FIELDS_BYTES, MAX_HEADER_BYTES / 2)
  if (urlBytes > most)
    throw new Problem(
      'invalid-request',
      `The URL for these channels and patterns would have ${urlBytes} bytes; with MAX_HEADER_BYTES=${MAX_HEADER_BYTES} it may have ${most}, as other headers need room too. ${FEWER}`,
    )
}

const FEWER = 'Name fewer of them, or a pattern that covers several.'
const MAX_NAMES_BYTES = 8192
/** Cookies, for example. */
const OTHER_FIELDS_BYTES = 4096
