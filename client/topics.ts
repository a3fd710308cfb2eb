import { globMatcher } from '../src/messages/glob.js'

/** A channel by its name, or a pattern if it has one of these characters. */
export const isPattern = (topic: string): boolean => /[*?[]/.test(topic)

/** Whether subscribers of the one topic also get the other one. */
export const covers = (wide: string, narrow: string): boolean =>
  wide === narrow || (isPattern(wide) && !isPattern(narrow) && globMatcher(wide)(narrow))

/**
 * Whether a message on the channel belongs to the topic. Native publishers use any names, and Redis matches them byte by
 * byte: `?` is half of an `é`.
 */
export const hears = (topic: string, channel: string): boolean =>
  topic === channel || (isPattern(topic) && globMatcher(topic)(bytesOf(channel)))

const bytesOf = (name: string): string =>
  /^[ -~]*$/.test(name) ? name : Array.from(new TextEncoder().encode(name), byte => String.fromCharCode(byte)).join('')

/** The fewest topics that cover all of these. */
export const necessary = (topics: readonly string[]): string[] =>
  topics.filter(topic => !topics.some(other => other !== topic && covers(other, topic)))

/** `channel=news&pattern=chat%3A*`, as `GET /events` takes it. */
export function addTopics(query: URLSearchParams, topics: readonly string[]): void {
  for (const topic of topics) query.append(isPattern(topic) ? 'pattern' : 'channel', topic)
}
