import { Type } from '@sinclair/typebox'

/** A subscription target: one channel by name, or every channel that a glob matches. */
export interface Topic {
  readonly kind: 'channel' | 'pattern'
  readonly name: string
}

export const channelTopic = (name: string): Topic => ({ kind: 'channel', name })
export const patternTopic = (name: string): Topic => ({ kind: 'pattern', name })

/** A key under which a topic is found in a Map. Names hold no space, so no two topics share one. */
export const topicKey = ({ kind, name }: Topic): string => `${kind} ${name}`

/**
 * The topic as clients see it in answers and control events: one of the two. As a union of two objects, generated clients
 * would ask for both.
 */
export const topicName = {
  channel: Type.Optional(Type.String({ description: 'The channel.', examples: ['news'] })),
  pattern: Type.Optional(Type.String({ description: 'The pattern.', examples: ['chat:*'] })),
}

export const describeTopic = ({ kind, name }: Topic): { channel: string } | { pattern: string } =>
  kind === 'channel' ? { channel: name } : { pattern: name }
