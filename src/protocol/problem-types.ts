/**
 * Every error a client can get, as RFC 9457 problem details. `docs/errors.md` is made from
 * this table (`npm run docs`), and a test holds the two together.
 */
export const PROBLEMS = {
  'invalid-channel': [
    400,
    'Invalid channel name',
    'Channel names match ^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$.',
    'Use a name that the rule allows.',
  ],
  'reserved-channel': [
    400,
    'Reserved channel name',
    'Channels that begin with "carillon:" belong to the gateways themselves.',
    'Use another prefix.',
  ],
  'invalid-pattern': [
    400,
    'Invalid pattern',
    'Patterns are Redis globs of at most 128 characters: those of channel names, * and ?, and closed classes such as [abc], [a-f], [^a].',
    'Mend the pattern; name channels one by one where no such pattern says it.',
  ],
  'invalid-event-type': [
    400,
    'Invalid event type',
    'Event types are 1 to 128 visible ASCII characters, and none of the reserved names.',
    'Use another type.',
  ],
  'invalid-json': [
    400,
    'Invalid JSON',
    'The content type promises JSON, and the body is not JSON in UTF-8.',
    'Send valid JSON, or another content type.',
  ],
  'invalid-request': [
    400,
    'Invalid request',
    'A parameter, a header or the body does not have the form that the API describes.',
    'Mend what `detail` names.',
  ],
  'bad-url': [
    400,
    'Malformed URL',
    'The path does not decode: a percent sign without two hexadecimal digits, or bytes that are not UTF-8.',
    'Encode the path, as `encodeURIComponent` does.',
  ],
  unauthenticated: [
    401,
    'Credentials needed',
    'This needs a key, a token or a ticket, and the request shows none.',
    'Send `Authorization: Bearer` with an API key or a token; docs/access.md has the other ways.',
  ],
  'invalid-credentials': [
    401,
    'Credentials not valid',
    'The key, token or ticket of the request is not valid here, or not any more.',
    'Get a new one. `WWW-Authenticate` says when it is only too old; the log of the gateway says what else is wrong with it.',
  ],
  'malformed-credentials': [
    400,
    'Malformed credentials',
    'The request shows its credentials in a form that the gateway does not know, or in two ways at once.',
    'Send exactly one key, token or ticket, in one of the ways that docs/access.md lists.',
  ],
  'credentials-in-url': [
    400,
    'Credentials in the URL',
    'A key or token does not belong into a URL, which ends in logs and histories: only a ticket may stand there.',
    'Send it in the Authorization header, or get a ticket at POST /tickets. Take the one that was in the URL for lost.',
  ],
  forbidden: [
    403,
    'Not allowed',
    'The key, token or ticket does not grant this. Whether the channel exists plays no part.',
    'Use one that grants the right on the channel; for a pattern the grant must cover all of it.',
  ],
  'no-access-rules': [
    403,
    'No access rules',
    'The gateway has no access rules, and so it serves its own machine only.',
    'Configure API_KEYS or JWT keys (docs/access.md), or open it to anyone with ALLOW_ANYONE_WITHOUT_ACCESS_RULES=true.',
  ],
  'no-history': [
    404,
    'No history',
    'HISTORY keeps nothing of this channel.',
    'Listen to it as it comes, or let the operator give it a history.',
  ],
  'not-found': [
    404,
    'Not found',
    'There is nothing at this path.',
    'Look at the path; /openapi.json lists what there is.',
  ],
  'method-not-allowed': [
    405,
    'Method not allowed',
    'The path exists, the method does not; the Allow header lists those that do.',
    'Use a method that the Allow header lists.',
  ],
  'request-timeout': [
    408,
    'Request timeout',
    'The request did not arrive in full within REQUEST_TIMEOUT_SECONDS, or before the gateway stopped.',
    'Try again, over a better connection. Nothing was done.',
  ],
  'message-too-large': [
    413,
    'Message too large',
    'The body is over the limit of MAX_MESSAGE_BYTES (MAX_BATCH_BYTES for a batch).',
    'Send less, or raise the limit.',
  ],
  'uri-too-long': [414, 'URI too long', 'The path is far over what any channel name needs.', 'Use a shorter path.'],
  'unsupported-media-type': [
    415,
    'Unsupported media type',
    'The Content-Type is malformed or not taken here, or the body has a Content-Encoding.',
    'Send a plain media type, and the body as it is.',
  ],
  'upgrade-required': [426, 'Upgrade required', 'This path speaks WebSocket only.', 'Open it with a WebSocket client.'],
  'headers-too-large': [
    431,
    'Headers too large',
    'The head of the request is over MAX_HEADER_BYTES, or has more than 100 fields.',
    'Send fewer or shorter headers; often it is cookies.',
  ],
  'channel-refused': [
    403,
    'Channel refused by Redis',
    'The ACL rules of the Redis user do not allow this channel to the gateway.',
    'Allow the channel to the Redis user of the gateway (`&pattern` in its ACL).',
  ],
  'origin-refused': [
    403,
    'Origin refused',
    'The request comes from a web page whose origin may not use this gateway.',
    'Add the origin to ALLOWED_ORIGINS. If page and gateway have one address, let the proxy between pass on the Host header.',
  ],
  'too-many-subscriptions': [
    400,
    'Too many subscriptions',
    'One stream holds at most MAX_SUBSCRIPTIONS channels and patterns.',
    'Spread over several streams, or raise the limit.',
  ],
  'too-much-to-compare': [
    400,
    'Too much to compare',
    'Comparing the channels and patterns of the request with the granted ones takes more work than one request may cause.',
    'Name fewer channels and patterns in one request, or use a key, token or ticket with fewer patterns that hold *, ? or classes.',
  ],
  'too-many-streams': [
    429,
    'Too many streams',
    'The gateway holds as many streams as MAX_STREAMS allows, or as MAX_STREAMS_PER_CALLER allows to one caller.',
    'Close streams that are not needed; an `EventSource` comes back by itself. Streams tell this in an `error` event; a long poll, and a stream of Upstash’s protocol, by the status.',
  ],
  'too-many-patterns': [
    429,
    'Too many patterns',
    'The gateway is subscribed to as many different patterns as MAX_PATTERNS allows, or as MAX_PATTERNS_PER_CALLER allows to one caller.',
    'Unsubscribe from patterns that are not needed, subscribe to channels by name, or raise the limit. An `EventSource` reconnects by itself: streams report this in an `error` event, and a stream of Upstash’s protocol by the status.',
  ],
  'rate-limited': [
    429,
    'Rate limited',
    'The caller has published more than PUBLISH_RATE allows, or asked for more tickets than TICKET_RATE or KEY_TICKET_RATE allows. Nothing was done.',
    'Wait as long as Retry-After says, or raise the rate.',
  ],
  'patterns-unavailable': [
    400,
    'No patterns here',
    'The gateway works with sharded Pub/Sub of a Redis Cluster, which has channels only.',
    'Subscribe to the channels by their names, or run the gateway without REDIS_SHARDED.',
  ],
  'tickets-unavailable': [
    404,
    'No tickets here',
    'There is nobody to keep tickets: the app around the gateway says itself who asks, or the broker has no place for them.',
    'Show what the app asks for when the stream is opened; the cookie of a session goes along with an `EventSource` and a `WebSocket`.',
  ],
  'invalid-idempotency-key': [
    400,
    'Invalid Idempotency-Key',
    'An Idempotency-Key is one string of 1 to 255 visible ASCII characters, with or without its quotes.',
    'Send one header with one key, a UUID for example.',
  ],
  'idempotency-key-in-flight': [
    409,
    'Idempotency-Key in flight',
    'A publish with the same key has not been answered yet.',
    'Wait for its answer, or try again in a moment: the answer will be the same.',
  ],
  'idempotency-key-reused': [
    422,
    'Idempotency-Key reused',
    'The key was used on this channel before, for another message. Nothing was published.',
    'Use a new key for a new message, and the same one only for a retry.',
  ],
  'internal-error': [
    500,
    'Internal error',
    'The gateway has a defect. The log has the request id and the cause.',
    'Report it with the log. A publish may have been executed or not.',
  ],
  'unsupported-transfer-coding': [
    501,
    'Unsupported transfer coding',
    'The Transfer-Encoding of the request has another coding than chunked.',
    'Send the body as it is, with a Content-Length or in chunks. Nothing was done.',
  ],
  'streams-unavailable': [
    501,
    'No streams here',
    'The gateway runs as a function (carillon/lambda), which can hold no stream and no WebSocket open.',
    'Listen at a gateway that runs as a server, on the same Redis: it hears all that is published here.',
  ],
  'broker-rejected': [
    502,
    'Rejected by Redis',
    'Redis answered the command with an error. Nothing was published; the log has the cause.',
    'Read the cause in the log; a retry will hardly help.',
  ],
  'wrong-key-type': [
    502,
    'Wrong key in Redis',
    'A key in which the gateway keeps something of this channel holds a value of another type: something else has written it. Nothing was published.',
    'Delete the key that the log of the gateway names; DELETE /channels/{channel}/history does it for a history. Do not retry before that.',
  ],
  'broker-unavailable': [
    503,
    'Redis unavailable',
    'The gateway has no working connection to Redis. Nothing was sent: a retry is safe.',
    'Try again in a moment.',
  ],
  overloaded: [
    503,
    'Overloaded',
    'The gateway has more to do than it can. Nothing was done: a retry is safe.',
    'Try again as Retry-After says; run more gateways.',
  ],
  'write-refused': [
    503,
    'Redis cannot write now',
    'Redis refuses to keep the message or its key: it is out of memory, cannot save, or has too few replicas. Nothing was published.',
    'Make room in Redis, or mend what its log tells of; then a retry is safe.',
  ],
  'token-keys-unavailable': [
    503,
    'Token keys unavailable',
    'The keys of the identity provider could not be fetched yet, so that no token can be checked.',
    'Try again in a moment; the log has the cause.',
  ],
  'not-ready': [
    503,
    'Not ready',
    'The gateway is draining, or has no working connection to Redis.',
    'Send traffic to another gateway; ask again.',
  ],
  'outcome-unknown': [
    504,
    'Outcome unknown',
    'The command was sent and Redis did not answer in time: it may have been executed or not.',
    'Send it again with the same Idempotency-Key: it is published once. Without a key listeners may get it twice.',
  ],
} as const satisfies Record<string, readonly [status: number, title: string, meaning: string, remedy: string]>

export type ProblemType = keyof typeof PROBLEMS

export type ProblemUri = `urn:carillon:problem:${ProblemType}`

export const problemUri = (type: ProblemType): ProblemUri => `urn:carillon:problem:${type}`
