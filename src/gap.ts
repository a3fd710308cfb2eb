import type { GapReason } from './broker.js'
import { describeTopic, type Topic } from './topic.js'

export interface Gap {
  readonly topic: Topic
  /** The window in which messages may have been missed, in milliseconds since 1970. */
  readonly since: number
  readonly until: number
  readonly reason: GapReason
}

/** The data of a `gap` event: `{"channel"|"pattern","from","to","reason"}`, times in RFC 3339. */
export function gapData({ topic, since, until, reason }: Gap): string {
  const [from, to] = [new Date(since).toISOString(), new Date(until).toISOString()]
  return JSON.stringify({ ...describeTopic(topic), from, to, reason })
}
