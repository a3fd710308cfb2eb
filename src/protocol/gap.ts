import { type Static, Type } from '@sinclair/typebox'
import { toJson } from '../messages/json-text.js'
import { describeTopic, type Topic, topicName } from '../messages/topic.js'

/** Why the broker may have missed messages. */
export const LOSS_REASONS = [
  'redis_connection_lost',
  'redis_unavailable',
  'redis_slot_moved',
  'redis_node_lost',
] as const
export type LossReason = (typeof LOSS_REASONS)[number]

/** Why messages may have been missed: losses that the broker reports, and those found on resuming from a history. */
export const GAP_REASONS = [
  ...LOSS_REASONS,
  'history_trimmed',
  'history_reset',
  'history_unavailable',
  'cursor_unknown',
  'no_history',
  'replay_overflow',
] as const
export type GapReason = (typeof GAP_REASONS)[number]

export interface Gap {
  readonly topic: Topic
  /** The window in which messages may have been missed, in milliseconds since 1970; its begin is not always known. */
  readonly since?: number | undefined
  readonly until: number
  readonly reason: GapReason
}

/** The data of a `gap` event. */
export const GapData = Type.Object(
  {
    ...topicName,
    from: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'When the loss may have begun, RFC 3339. Absent if it began after the last message that the client has.',
      }),
    ),
    to: Type.String({ format: 'date-time', description: 'From this time, every message arrives again.' }),
    reason: Type.Unsafe<GapReason>({
      type: 'string',
      description: `Why messages may be missing: ${GAP_REASONS.map(reason => `\`${reason}\``).join(', ')}. A newer gateway may give others.`,
      examples: ['history_trimmed'],
    }),
  },
  {
    $id: 'Gap',
    description:
      'The data of a `gap` event: between these times, messages on the channel or pattern may have been missed.',
  },
)

export const gapData = (gap: Gap): string => toJson(describeGap(gap))

export function describeGap({ topic, since, until, reason }: Gap): Static<typeof GapData> {
  const from = since === undefined ? {} : { from: new Date(since).toISOString() }
  return { ...describeTopic(topic), ...from, to: new Date(until).toISOString(), reason }
}
