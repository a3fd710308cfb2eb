import { Type } from '@sinclair/typebox'

export const subscribers = Type.Integer({
  format: 'int64',
  minimum: 0,
  description:
    '`PUBSUB NUMSUB`: connections to Redis that are subscribed to the channel. A gateway is one, however many clients it has.',
  examples: [3],
})

export const listeners = Type.Integer({
  format: 'int64',
  minimum: 0,
  description:
    'Clients, connected to all gateways, that hear the channel by its name or by a pattern. Native Redis subscribers are not among them.',
  examples: [1204],
})

export const unanswered = Type.Integer({
  format: 'int64',
  minimum: 1,
  description:
    'Gateways that are connected to Redis but did not answer in time, so that `listeners` may be too low. Absent when all did.',
  examples: [1],
})
