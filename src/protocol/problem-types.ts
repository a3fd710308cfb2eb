/**
 * Every error that a client can get, as RFC 9457 problem details. `npm run docs` generates `docs/errors.md` from this
 * table, and a test compares the two.
 */
export const PROBLEMS = {
  'invalid-channel': [
    400,
    'Invalid channel name',
    'A channel name has 1 to 128 characters: letters, digits and . _ : -, starting with a letter or digit.',
    'Rename the channel.',
  ],
  'reserved-channel': [
    400,
    'Reserved channel name',
    'Channel names that start with "carillon:" are reserved for the gateways.',
    'Use another prefix.',
  ],
  'invalid-pattern': [
    400,
    'Invalid pattern',
    'A pattern has 1 to 128 characters: those of channel names, * and ?, and classes such as [abc], [a-f] or [^a].',
    'Fix the pattern, or name the channels one by one.',
  ],
  'invalid-event-type': [
    400,
    'Invalid event type',
    'An event type has 1 to 128 visible ASCII characters, and is not one of the reserved names.',
    'Use another type.',
  ],
  'invalid-json': [
    400,
    'Invalid JSON',
    'The Content-Type is JSON, but the body is not JSON in UTF-8.',
    'Send valid JSON, or another content type.',
  ],
  'invalid-request': [
    400,
    'Invalid request',
    'A parameter, a header or the body does not have the form that the API describes.',
    'Fix what `detail` names.',
  ],
  'bad-url': [
    400,
    'Malformed URL',
    'The path cannot be decoded: it has a percent sign without two hexadecimal digits, or bytes that are not UTF-8.',
    'Encode the path, as `encodeURIComponent` does.',
  ],
  unauthenticated: [
    401,
    'Credentials needed',
    'This call requires an API key, a token or a ticket, and the request has none.',
    'Send the header `Authorization: Bearer <key or token>`; docs/access.md lists the other ways.',
  ],
  'invalid-credentials': [
    401,
    'Credentials not valid',
    'The API key, token or ticket is not valid here, or has expired.',
    'Get a new one. `WWW-Authenticate` tells whether it has expired; the log of the gateway has every other reason.',
  ],
  'malformed-credentials': [
    400,
    'Malformed credentials',
    'The request has credentials in an unknown form, or in two places at once.',
    'Send one API key, token or ticket, in one of the ways that docs/access.md lists.',
  ],
  'credentials-in-url': [
    400,
    'Credentials in the URL',
    'The URL contains an API key or a token. URLs end up in logs and browser histories, so only a ticket is allowed there.',
    'Revoke the key or token that was in the URL. Send credentials in the Authorization header, or get a ticket at POST /tickets.',
  ],
  forbidden: [
    403,
    'Not allowed',
    'The API key, token or ticket does not have the right that this call requires on the channel.',
    'Use one that has the right. To subscribe to a pattern, a grant must cover every channel that the pattern can match.',
  ],
  'no-access-rules': [
    403,
    'No access rules',
    'The gateway has no access rules, so it accepts requests from localhost only. Set API_KEYS, or ALLOW_ANYONE_WITHOUT_ACCESS_RULES=true.',
    'Set API_KEYS to the entry that `carillon key` prints (docs/access.md), or set ALLOW_ANYONE_WITHOUT_ACCESS_RULES=true to accept requests from anyone.',
  ],
  'no-history': [
    404,
    'No history',
    'This channel has no history: no pattern of HISTORY matches it.',
    'Stream the channel instead, or ask the operator to add it to HISTORY.',
  ],
  'not-found': [404, 'Not found', 'Nothing is served at this path.', 'Check the path; /openapi.json lists all calls.'],
  'method-not-allowed': [
    405,
    'Method not allowed',
    'The path does not support this method. The Allow header lists the methods that it supports.',
    'Use a method that the Allow header lists.',
  ],
  'request-timeout': [
    408,
    'Request timeout',
    'The request did not arrive completely within REQUEST_TIMEOUT_SECONDS, or before the gateway stopped.',
    'Nothing was done. Try again.',
  ],
  'message-too-large': [
    413,
    'Message too large',
    'The body is larger than MAX_MESSAGE_BYTES (MAX_BATCH_BYTES for a batch).',
    'Send a smaller message, or raise the limit.',
  ],
  'uri-too-long': [414, 'URI too long', 'The path is longer than any path of the API.', 'Use a shorter path.'],
  'unsupported-media-type': [
    415,
    'Unsupported media type',
    'The Content-Type is malformed or not supported here, or the body has a Content-Encoding.',
    'Send a supported Content-Type, and the body without compression.',
  ],
  'upgrade-required': [426, 'Upgrade required', 'This path supports only WebSocket.', 'Use a WebSocket client.'],
  'headers-too-large': [
    431,
    'Headers too large',
    'The request head is larger than MAX_HEADER_BYTES, or has more than 100 header fields.',
    'Send fewer or shorter headers. Cookies are a frequent cause.',
  ],
  'channel-refused': [
    403,
    'Channel refused by Redis',
    'The ACL of the gateway’s Redis user does not allow this channel.',
    'Add the channel to the ACL of the gateway’s Redis user (`&pattern`).',
  ],
  'origin-refused': [
    403,
    'Origin refused',
    'The origin of the web page is not in ALLOWED_ORIGINS.',
    'Add the origin to ALLOWED_ORIGINS. If the page and the gateway share an origin, the proxy in front must pass on the Host header.',
  ],
  'too-many-subscriptions': [
    400,
    'Too many subscriptions',
    'A stream can have at most MAX_SUBSCRIPTIONS channels and patterns.',
    'Use several streams, or raise the limit.',
  ],
  'too-much-to-compare': [
    400,
    'Too much to compare',
    'Comparing the channels and patterns of the request with the granted ones takes more work than one request is allowed.',
    'Name fewer channels and patterns in one request, or use a key, token or ticket with fewer patterns that hold *, ? or classes.',
  ],
  'too-many-streams': [
    429,
    'Too many streams',
    'The gateway has MAX_STREAMS streams open, or the caller has MAX_STREAMS_PER_CALLER.',
    'Close streams that you do not need. An `EventSource` reconnects by itself. Streams report this problem in an `error` event; long polls and streams of Upstash’s protocol report it by the status.',
  ],
  'too-many-patterns': [
    429,
    'Too many patterns',
    'The gateway is subscribed to MAX_PATTERNS different patterns, or the caller to MAX_PATTERNS_PER_CALLER.',
    'Unsubscribe from patterns that are not needed, subscribe to channels by name, or raise the limit. An `EventSource` reconnects by itself: streams report this in an `error` event, and a stream of Upstash’s protocol by the status.',
  ],
  'rate-limited': [
    429,
    'Rate limited',
    'The caller has exceeded PUBLISH_RATE, or for tickets TICKET_RATE or KEY_TICKET_RATE. Nothing was done.',
    'Retry after the seconds in Retry-After, or raise the rate.',
  ],
  'patterns-unavailable': [
    400,
    'No patterns here',
    'The gateway uses sharded Pub/Sub of a Redis Cluster, which has no patterns.',
    'Subscribe to channels by name, or run the gateway without REDIS_SHARDED.',
  ],
  'tickets-unavailable': [
    404,
    'No tickets here',
    'This gateway has no tickets: it is embedded in an app that authenticates clients itself, or its broker cannot store them.',
    'Authenticate the stream as the app requires. `EventSource` and `WebSocket` send session cookies.',
  ],
  'invalid-idempotency-key': [
    400,
    'Invalid Idempotency-Key',
    'An Idempotency-Key has 1 to 255 visible ASCII characters, with or without quotes.',
    'Send one header with one key, a UUID for example.',
  ],
  'idempotency-key-in-flight': [
    409,
    'Idempotency-Key in flight',
    'A publish with the same key has not been answered yet.',
    'Wait for its answer, or retry after a moment: the answer is the same.',
  ],
  'idempotency-key-reused': [
    422,
    'Idempotency-Key reused',
    'The key was used for another message on this channel. Nothing was published.',
    'Use a new key for each message, and the same key only for a retry.',
  ],
  'internal-error': [
    500,
    'Internal error',
    'The gateway failed. Its log has the request id and the cause.',
    'Report it with the log. A publish may or may not have been executed.',
  ],
  'unsupported-transfer-coding': [
    501,
    'Unsupported transfer coding',
    'The Transfer-Encoding of the request has a coding other than chunked.',
    'Nothing was done. Send the body with a Content-Length, or chunked without compression.',
  ],
  'streams-unavailable': [
    501,
    'No streams here',
    'The gateway runs as a function (carillon/lambda) that cannot hold this stream open.',
    'Connect to a gateway that runs as a server on the same Redis. docs/serverless.md describes streams on Lambda.',
  ],
  'broker-rejected': [
    502,
    'Rejected by Redis',
    'Redis answered the command with an error. Nothing was published; the log has the cause.',
    'Read the cause in the log. A retry will probably fail, too.',
  ],
  'wrong-key-type': [
    502,
    'Wrong key in Redis',
    'A Redis key that the gateway uses for this channel has a value of another type, so another program has written it. Nothing was published.',
    'Delete the key that the log names; for a history, DELETE /channels/{channel}/history does it. Do not retry before that.',
  ],
  'broker-unavailable': [
    503,
    'Redis unavailable',
    'The gateway has no working connection to Redis. Nothing was sent, so a retry is safe.',
    'Retry after a moment.',
  ],
  overloaded: [
    503,
    'Overloaded',
    'The gateway is overloaded. Nothing was done, so a retry is safe.',
    'Retry after the seconds in Retry-After. Run more gateways.',
  ],
  'write-refused': [
    503,
    'Redis cannot write now',
    'Redis refuses to store the message or its key: it is out of memory, cannot save, or has too few replicas. Nothing was published.',
    'Free memory in Redis, or fix what its log reports. Then a retry is safe.',
  ],
  'token-keys-unavailable': [
    503,
    'Token keys unavailable',
    'The keys of the identity provider could not be fetched yet, so no token can be verified.',
    'Retry after a moment. The log has the cause.',
  ],
  'not-ready': [
    503,
    'Not ready',
    'The gateway is draining, or has no working connection to Redis.',
    'Send traffic to another gateway, and ask again later.',
  ],
  'outcome-unknown': [
    504,
    'Outcome unknown',
    'The command was sent, and Redis did not answer in time. It may or may not have been executed.',
    'Retry with the same Idempotency-Key: the message is published once. Without a key, clients may get it twice.',
  ],
} as const satisfies Record<string, readonly [status: number, title: string, meaning: string, remedy: string]>

export type ProblemType = keyof typeof PROBLEMS

export type ProblemUri = `urn:carillon:problem:${ProblemType}`

export const problemUri = (type: ProblemType): ProblemUri => `urn:carillon:problem:${type}`
