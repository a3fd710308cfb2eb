/**
 * Why a stream ends: one table for the wire, the log and the metrics.
 *
 * `code` is the WebSocket close code (RFC 6455 section 7.4). `cut` tells that the
 * client cannot be spoken to any more: an HTTP stream is destroyed rather than ended, because
 * a client that does not read would never drain a farewell.
 */
export const CLOSE_REASONS = {
  client_gone: { code: 1001, cut: true },
  limit_reached: { code: 1000, cut: false },
  timeout: { code: 1000, cut: false },
  draining: { code: 1012, cut: false },
  slow_consumer: { code: 1013, cut: true },
  unresponsive: { code: 1001, cut: true },
  channel_refused: { code: 1008, cut: false },
  message_too_large: { code: 1009, cut: false },
  bad_message: { code: 1008, cut: false },
  too_many_subscriptions: { code: 1008, cut: false },
  internal_error: { code: 1011, cut: false },
} as const satisfies Record<string, { code: number; cut: boolean }>

export type CloseReason = keyof typeof CLOSE_REASONS
