import { Type } from '@sinclair/typebox'

export const subscribers = Type.Integer({
  format: 'int64',
  minimum: 0,
  description:
    '`PUBSUB NUMSUB`: connections to Redis that are subscribed to the channel. A gateway is one connection, no matter how many clients it has.',
  examples: [3],
})

export const listeners = Type.Integer({
  format: 'int64',
  minimum: 0,
  description:
    'Clients on all gateways that are subscribed to the channel by its name or by a pattern. Native Redis subscribers are not counted.',
  examples: [1204],
})

export const unanswered = Type.Integer({
  format: 'int64',
  minimum: 1,
  description:
    'Gateways that are connected to Redis but did not answer in time, so `listeners` may be too low. Absent if all answered.',
  examples: [1],
})
