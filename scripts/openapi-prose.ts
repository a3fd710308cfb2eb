/** What `openapi.yaml` says before it comes to the routes. */ export const description = `Carillon is an HTTP notification gateway in front of Redis Pub/Sub. One \`POST\` to a channel reaches every client that listens on it, on whichever gateway: over Server-Sent Events, NDJSON, WebSocket, or as a native subscriber of Redis. Channel \`news\` is the Redis channel \`news\`, and the body of the \`POST\` is the message, byte for byte.

### Streams

A stream opens when Redis has acknowledged the subscription: what is published from then on is delivered, or its loss is announced.

- **Server-Sent Events** are the default. On one channel each \`data:\` is the message itself, and \`event:\` is the type that the publisher gave. Bytes that are not UTF-8 come as an event of the type \`envelope\`.
- **NDJSON** comes with \`Accept: application/x-ndjson\`: one envelope a line.
- **WebSocket** on one channel: each frame is a message, text where it is UTF-8 and binary where it is not.
- **Envelopes** (\`{"channel","event"?,"data","encoding"?}\`) come where a stream has several channels or patterns, and with \`format=envelope\`. \`data\` is always a string; \`"encoding":"base64"\` marks bytes that are not UTF-8.

Silence is filled: by comments on Server-Sent Events, empty lines in NDJSON, pings on a WebSocket.

### Control events

A publisher cannot use the names of control events, so that a client may trust them.

- \`gap\`: messages may have been missed. Its data names the channel or pattern, the window of time, and the reason.
- \`error\`: something went wrong on a stream that is already open. Its data is a problem, with the channel or pattern.

### Errors

Every error is \`application/problem+json\` (RFC 9457); \`docs/errors.md\` lists the types. Beside what each operation lists, a path that does not exist is answered with 404 (\`not-found\`), and a method that a path does not have with 405 (\`method-not-allowed\`). What passes by itself is never an error on a stream: the stream opens, and tells a \`gap\` when Redis is back; over a limit (\`too-many-streams\`, \`too-many-patterns\`, \`overloaded\`) it tells that in an \`error\` event, says when to come back, and ends.`

export const tags = [
  { name: 'publish', description: 'Sending messages: stateless requests with true status codes.' },
  { name: 'stream', description: 'Listening: one channel or many, over HTTP or WebSocket.' },
  { name: 'history', description: 'What was published before, where a channel keeps it.' },
  { name: 'introspection', description: 'Who listens where, now.' },
  { name: 'access', description: 'Tickets for clients that cannot send a header.' },
  { name: 'upstash', description: 'The pub/sub part of Upstash’s REST protocol, for its clients.' },
  { name: 'operation', description: 'For the operator, and for tools.' },
]
