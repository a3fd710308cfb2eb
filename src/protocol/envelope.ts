import { toJson } from '../messages/json-text.js'
import { describeTopic, type Topic } from '../messages/topic.js'
import type { ControlEvent } from './format.js'

/* The envelopes that are no message; `Message.envelope` is the other one. No publisher can use their event types. */

export const controlEnvelope = (event: ControlEvent, topic: Topic, data: string): string =>
  toJson({ ...describeTopic(topic), event, data })

/** Where a client stands, on all its channels or on the topic. */
export const openEnvelope = (cursor: string, topic?: Topic): string =>
  JSON.stringify({ ...(topic && describeTopic(topic)), cursor, event: 'open', data: JSON.stringify({ cursor }) })
