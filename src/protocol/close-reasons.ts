/**
 * Why a stream ends: one table for the wire, the log and the metrics.
 *
 * `code` is the WebSocket close code (RFC 6455 section 7.4). `cut`: an HTTP stream is destroyed rather
 * than ended, because a client that does not read would never drain the last bytes. `again`: the client
 * should reconnect, and gets the time to wait.
 */
export const CLOSE_REASONS = {
  client_gone: { code: 1001, cut: true, again: false, meaning: 'The client ended the connection.' },
  limit_reached: { code: 1000, cut: false, again: false, meaning: '`limit` messages have been sent.' },
  timeout: { code: 1000, cut: false, again: false, meaning: '`timeout` seconds are over.' },
  draining: { code: 1012, cut: false, again: true, meaning: 'The gateway is about to stop; another one takes over.' },
  max_age: { code: 1012, cut: false, again: true, meaning: 'The stream has reached MAX_STREAM_AGE_SECONDS.' },
  slow_consumer: {
    code: 1013,
    cut: true,
    again: false,
    meaning: 'The client fell behind by more than MAX_BUFFERED_BYTES.',
  },
  unresponsive: {
    code: 1001,
    cut: true,
    again: false,
    meaning: 'The client did not answer a ping before the next one was due.',
  },
  channel_refused: {
    code: 1008,
    cut: false,
    again: false,
    meaning: 'The ACL rules of the Redis user do not allow the channel to the gateway.',
  },
  message_too_large: {
    code: 1009,
    cut: false,
    again: false,
    meaning: 'A frame from the client is over MAX_MESSAGE_BYTES.',
  },
  bad_message: {
    code: 1008,
    cut: false,
    again: false,
    meaning: 'A frame from the client was no request of the protocol; an error told why.',
  },
  too_many_subscriptions: {
    code: 1008,
    cut: false,
    again: false,
    meaning: 'The client asked for more than MAX_SUBSCRIPTIONS channels and patterns.',
  },
  access_expired: {
    code: 1008,
    cut: false,
    again: false,
    meaning: 'The token with which the stream was opened has expired.',
  },
  access_revoked: {
    code: 1008,
    cut: false,
    again: false,
    meaning: 'The key or token with which the stream was opened is not valid any more.',
  },
  too_many_streams: {
    code: 1013,
    cut: false,
    again: true,
    meaning: 'MAX_STREAMS or MAX_STREAMS_PER_CALLER was reached when the stream was opened.',
  },
  too_many_patterns: {
    code: 1013,
    cut: false,
    again: true,
    meaning: 'MAX_PATTERNS or MAX_PATTERNS_PER_CALLER was reached when the stream was opened.',
  },
  overloaded: {
    code: 1013,
    cut: false,
    again: true,
    meaning: 'The gateway had more to do than it could when the stream was opened.',
  },
  internal_error: { code: 1011, cut: false, again: false, meaning: 'The gateway has a defect; the log has the cause.' },
} as const satisfies Record<string, { code: number; cut: boolean; again: boolean; meaning: string }>

export type CloseReason = keyof typeof CLOSE_REASONS
