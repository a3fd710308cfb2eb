/** The introduction of `openapi.yaml`. */ export const description = `Carillon is an HTTP notification gateway in front of Redis Pub/Sub. One \`POST\` to a channel reaches every client that is subscribed to it, no matter which gateway it is connected to: over Server-Sent Events, NDJSON, WebSocket, or as a native Redis subscriber. Channel \`news\` is the Redis channel \`news\`, and the body of the \`POST\` is the message, byte for byte.

### Streams

A stream opens when Redis has acknowledged the subscription. Messages that are published afterwards are delivered, or their loss is announced.

- **Server-Sent Events** are the default. On one channel each \`data:\` is the message itself, and \`event:\` is the event type of the publisher. Bytes that are not UTF-8 arrive as an event of the type \`envelope\`.
- **NDJSON** is sent for \`Accept: application/x-ndjson\`: one envelope per line.
- **WebSocket** on one channel: each frame is a message, text if it is UTF-8 and binary if it is not.
- **Envelopes** (\`{"channel","event"?,"data","encoding"?}\`) are sent on streams of several channels or patterns, and with \`format=envelope\`. \`data\` is always a string; \`"encoding":"base64"\` marks bytes that are not UTF-8.

Heartbeats keep idle streams open: comments in Server-Sent Events, empty lines in NDJSON, pings on a WebSocket.

### Control events

Publishers cannot use the names of control events, so clients can trust them.

- \`gap\`: messages may have been missed. Its data names the channel or pattern, the time window and the reason.
- \`error\`: a problem on an open stream. Its data is the problem, with the channel or pattern.

### Errors

Every error is \`application/problem+json\` (RFC 9457); \`docs/errors.md\` lists the types. In addition to the errors of each operation, an unknown path is answered with 404 (\`not-found\`), and an unknown method with 405 (\`method-not-allowed\`). Temporary conditions are never an error status on a stream. During an outage of Redis, the stream opens and reports a \`gap\` afterwards. Over a limit (\`too-many-streams\`, \`too-many-patterns\`, \`overloaded\`), it reports an \`error\` event with the time to reconnect, and ends.`

export const tags = [
  { name: 'publish', description: 'Publish messages with stateless requests and true status codes.' },
  { name: 'stream', description: 'Subscribe to one channel or many, over HTTP or WebSocket.' },
  { name: 'history', description: 'Read what was published before, on channels with a history.' },
  { name: 'introspection', description: 'List channels and count their subscribers.' },
  { name: 'access', description: 'Tickets for clients that cannot send a header.' },
  { name: 'upstash', description: 'The pub/sub part of Upstash’s REST protocol, for its clients.' },
  { name: 'operation', description: 'Health, metrics and API descriptions, for operators and tools.' },
]
