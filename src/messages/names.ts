/**
 * Names a client may use. The channel rule leaves no room for a glob, a control character,
 * a slash or a Redis hash tag, so a name means the same in a URL, in Redis and in a log.
 */
export const CHANNEL_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$'

/**
 * Redis globs over channel names: `*`, `?` and classes like `[abc]`, `[a-f]`, `[^a]`. A class must be
 * closed and not empty, and there are no escapes, so that a glob means the same in any text around it.
 */
export const GLOB_PATTERN = '^(?=.{1,128}$)(?:[A-Za-z0-9._:*?-]|\\[\\^?(?:[A-Za-z0-9._:](?:-[A-Za-z0-9._:])?)+\\])+$'

/** Event types go into one line of a stream: visible ASCII, no spaces. */
export const EVENT_TYPE_PATTERN = '^[!-~]{1,128}$'

/** Channels that begin with this carry the gateways' own traffic and are hidden from clients. */
export const RESERVED_PREFIX = 'carillon:'

/**
 * Event types that only the gateway sends, or that `EventSource` gives a meaning of its own
 * (`open`, `error`). A publisher cannot use them, so a client may trust them.
 */
export const RESERVED_EVENT_TYPES = ['gap', 'envelope', 'open', 'error', 'end'] as const

const channelRule = new RegExp(CHANNEL_PATTERN)
const globRule = new RegExp(GLOB_PATTERN)
const eventTypeRule = new RegExp(EVENT_TYPE_PATTERN)
const reservedEventTypes = new Set<string>(RESERVED_EVENT_TYPES)

export const isChannelName = (name: string): boolean => channelRule.test(name)
export const isGlob = (pattern: string): boolean => globRule.test(pattern)
export const isEventType = (type: string): boolean => eventTypeRule.test(type)
export const isReservedEventType = (type: string): boolean => reservedEventTypes.has(type)
export const isReservedChannel = (name: string): boolean => name.startsWith(RESERVED_PREFIX)

/** Why a name cannot be used; each is a problem type, which the caller throws. */
export type NameProblem = 'invalid-channel' | 'invalid-pattern' | 'reserved-channel' | 'invalid-event-type'

/** Why a client cannot use the channel, or undefined when it can. */
export function channelProblem(name: string): NameProblem | undefined {
  if (!isChannelName(name)) return 'invalid-channel'
  return isReservedChannel(name) ? 'reserved-channel' : undefined
}

/** Why a client cannot subscribe to the pattern, or undefined when it can. */
export function patternProblem(pattern: string): NameProblem | undefined {
  if (!isGlob(pattern)) return 'invalid-pattern'
  return isReservedChannel(pattern) ? 'reserved-channel' : undefined
}

/** Why a publisher cannot use the event type, or undefined when it can. */
export function eventTypeProblem(type: string): NameProblem | undefined {
  return isEventType(type) && !isReservedEventType(type) ? undefined : 'invalid-event-type'
}
