import { isPattern } from './topics.js'

/** Between these times, messages of the channel or pattern may have been missed. */
export interface Gap {
  readonly channel?: string
  readonly pattern?: string
  /** RFC 3339; absent where it is not known. */
  readonly from?: string
  readonly to?: string
  /**
   * `disconnected` and `resubscribed` come from this client: its own stream was away, without a
   * history to go on from. All others come from the gateway.
   */
  readonly reason: string
}

/** The gap of a topic without any message until now. */
export const gapSince = (heardAt: number, topic: string, reason: string): Gap => ({
  ...(isPattern(topic) ? { pattern: topic } : { channel: topic }),
  from: new Date(heardAt).toISOString(),
  to: new Date().toISOString(),
  reason,
})
