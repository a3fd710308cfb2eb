/**
 * Why a stream ends: one table for the wire, the log and the metrics.
 *
 * `code` is the WebSocket close code (RFC 6455 section 7.4). `cut` tells that the
 * client cannot be spoken to any more: an HTTP stream is destroyed rather than ended, because
 * a client that does not read would never drain a farewell. `again` tells that the client shall
 * come back, and is told when.
 */
export const CLOSE_REASONS = {
  client_gone: { code: 1001, cut: true, again: false },
  limit_reached: { code: 1000, cut: false, again: false },
  timeout: { code: 1000, cut: false, again: false },
  draining: { code: 1012, cut: false, again: true },
  max_age: { code: 1012, cut: false, again: true },
  slow_consumer: { code: 1013, cut: true, again: false },
  unresponsive: { code: 1001, cut: true, again: false },
  channel_refused: { code: 1008, cut: false, again: false },
  message_too_large: { code: 1009, cut: false, again: false },
  bad_message: { code: 1008, cut: false, again: false },
  too_many_subscriptions: { code: 1008, cut: false, again: false },
  internal_error: { code: 1011, cut: false, again: false },
} as const satisfies Record<string, { code: number; cut: boolean; again: boolean }>

export type CloseReason = keyof typeof CLOSE_REASONS
