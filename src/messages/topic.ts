import { type Static, Type } from '@sinclair/typebox'

/** A subscription target: one channel by name, or every channel that a glob matches. */
export interface Topic {
  readonly kind: 'channel' | 'pattern'
  readonly name: string
}

export const channelTopic = (name: string): Topic => ({ kind: 'channel', name })
export const patternTopic = (name: string): Topic => ({ kind: 'pattern', name })

/** A key under which a topic is found in a Map. Names hold no space, so no two topics share one. */
export const topicKey = ({ kind, name }: Topic): string => `${kind} ${name}`

/** The topic as clients see it in answers and control events. */
export const TopicName = Type.Union([
  Type.Object({ channel: Type.String({ examples: ['news'] }) }),
  Type.Object({ pattern: Type.String({ examples: ['chat:*'] }) }),
])

export const describeTopic = ({ kind, name }: Topic): Static<typeof TopicName> =>
  kind === 'channel' ? { channel: name } : { pattern: name }
