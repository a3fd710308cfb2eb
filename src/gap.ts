import { type Static, Type } from '@sinclair/typebox'
import { GAP_REASONS, type GapReason } from './broker.js'
import { describeTopic, type Topic, TopicName } from './topic.js'

export interface Gap {
  readonly topic: Topic
  /** The window in which messages may have been missed, in milliseconds since 1970. */
  readonly since: number
  readonly until: number
  readonly reason: GapReason
}

/** The data of a `gap` event. */
export const GapData = Type.Intersect(
  [
    TopicName,
    Type.Object({
      from: Type.String({ format: 'date-time', description: 'When the loss may have begun, RFC 3339.' }),
      to: Type.String({ format: 'date-time', description: 'From when on every message arrives again.' }),
      reason: Type.Unsafe<GapReason>({
        type: 'string',
        enum: GAP_REASONS,
        description: 'Why messages may be missing.',
      }),
    }),
  ],
  {
    $id: 'Gap',
    description:
      'The data of a `gap` event: between these times, messages on the channel or pattern may have been missed.',
  },
)

export function gapData({ topic, since, until, reason }: Gap): string {
  const [from, to] = [new Date(since).toISOString(), new Date(until).toISOString()]
  const data: Static<typeof GapData> = { ...describeTopic(topic), from, to, reason }
  return JSON.stringify(data)
}
