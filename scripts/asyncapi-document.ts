import type { TSchema, TUnion } from '@sinclair/typebox'
import { stringify } from 'yaml'
import { formatQuery, positionQuery, streamQuery } from '../routes/http-stream.js'
import { ChannelName, components, EventType, Glob } from '../routes/schemas.js'
import { SessionAnswer, SessionRequest } from '../src/protocol/session-protocol.js'
import { packageVersion } from '../src/support/package.js'

type Node = Record<string, unknown>

/** The text of `asyncapi.yaml`, made from the schemas of the frames. AsyncAPI 3.0. */
export function asyncapiYaml(): string {
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Carillon: the streams',
      version: packageVersion(),
      description,
      license: { name: 'MIT' },
      externalDocs: {
        description: 'The requests and their answers, as OpenAPI.',
        url: 'http://127.0.0.1:3000/openapi.json',
      },
    },
    defaultContentType: 'application/json',
    servers: {
      http: {
        host: '127.0.0.1:3000',
        protocol: 'http',
        description: 'A gateway on localhost with its default settings.',
      },
      webSocket: { host: '127.0.0.1:3000', protocol: 'ws', description: 'The same gateway.' },
    },
    channels,
    operations,
    components: { messages: { ...streamMessages, ...sessionMessages }, schemas: schemas() },
  }
  return (
    HEAD +
    stringify(JSON.parse(JSON.stringify(document), repairReference), {
      lineWidth: 0,
      blockQuote: 'literal',
      aliasDuplicateObjects: false,
    })
  )
}

const HEAD = '# Made from the schemas of the frames by `npm run asyncapi`: change those, not this.\n'

const description = `What comes and goes on the streams of Carillon, an HTTP notification gateway in front of Redis Pub/Sub. Operations are seen from the gateway: it *sends* what a client hears.

A stream opens when Redis has acknowledged the subscription: what is published from then on comes, or a \`gap\` tells that it may have been lost. Server-Sent Events are silent between comments, NDJSON between empty lines, a WebSocket between pings. The close codes of a WebSocket, and why a stream ends, stand in \`docs/errors.md\`.`

/* Messages. */

const reference = (kind: string, name: string): Node => ({ $ref: `#/components/${kind}/${name}` })
const schema = (name: string): Node => reference('schemas', name)
const message = (name: string): Node => reference('messages', name)

/** The fields of a Server-Sent Event beside its data. */
const fields = (properties: Node): Node => ({ type: 'object', properties })

const text: Node = { type: 'string', description: 'The message, byte for byte as it was published.' }

const streamMessages: Record<string, Node> = {
  event: {
    title: 'A message as a Server-Sent Event',
    summary: '`data:` is the message itself; `event:` is the event type, if the publisher set one.',
    contentType: 'text/event-stream',
    headers: fields({ event: EventType }),
    payload: text,
    examples: [{ name: 'typed', headers: { event: 'price' }, payload: '42' }],
  },
  binaryEvent: {
    title: 'A message that is not UTF-8, as a Server-Sent Event',
    summary: 'An event of the type `envelope`, which no publisher can use; its data is an envelope in base64.',
    contentType: 'application/json',
    headers: fields({ event: { const: 'envelope' } }),
    payload: schema('Envelope'),
    examples: [
      { name: 'bytes', headers: { event: 'envelope' }, payload: { channel: 'news', data: '/w==', encoding: 'base64' } },
    ],
  },
  envelope: {
    title: 'A message in an envelope',
    summary: 'On streams of several channels and patterns, in NDJSON, and with `format=envelope`.',
    contentType: 'application/json',
    payload: schema('Envelope'),
    examples: [{ name: 'typed', payload: { channel: 'news', event: 'price', data: '42' } }],
  },
  textFrame: {
    title: 'A message as a text frame',
    contentType: 'text/plain',
    payload: text,
    examples: [{ name: 'text', payload: 'hello' }],
  },
  binaryFrame: {
    title: 'A message that is not UTF-8, as a binary frame',
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary', description: 'The message, byte for byte as it was published.' },
  },
  gap: {
    title: 'Messages may have been missed',
    summary: 'A Server-Sent Event of the type `gap`, which no publisher can use.',
    contentType: 'application/json',
    headers: fields({ event: { const: 'gap' } }),
    payload: schema('Gap'),
  },
  error: {
    title: 'Something went wrong on an open stream',
    summary: 'A Server-Sent Event of the type `error`, which no publisher can use.',
    contentType: 'application/json',
    headers: fields({ event: { const: 'error' } }),
    payload: schema('StreamError'),
  },
  open: {
    title: 'Where the stream stands',
    summary:
      'A Server-Sent Event of the type `open`, with `position=true`, on channels that have a history. Publishers cannot use the type.',
    contentType: 'application/json',
    headers: fields({ event: { const: 'open' } }),
    payload: schema('OpenData'),
  },
  openEnvelope: {
    title: 'Where the stream stands, in NDJSON and on a WebSocket',
    contentType: 'application/json',
    payload: schema('OpenEnvelope'),
  },
  control: {
    title: 'A control event in an envelope',
    summary:
      '`gap` or `error` on a stream of envelopes. On a WebSocket of bare messages it is a binary frame of valid UTF-8, which no message ever is.',
    contentType: 'application/json',
    payload: schema('ControlEnvelope'),
  },
  published: {
    title: 'A frame to be published',
    summary:
      'Each text or binary frame is published to the channel unchanged. If that is not possible, the gateway answers with an `error`.',
    payload: text,
    examples: [{ name: 'text', payload: 'hello' }],
  },
}

/** The frames of the multiplexed WebSocket, one message for each `type` of the union. */
const sessionFrames = (union: TUnion, title: (type: string) => string): Record<string, Node> =>
  Object.fromEntries(
    union.anyOf.map(member => {
      const types = typesOf(member)
      const name = types.length > 1 ? `${title('topic')}` : title(types[0] ?? '')
      return [
        name,
        { title: types.map(type => `\`${type}\``).join(' or '), contentType: 'application/json', payload: member },
      ]
    }),
  )

/** The values that the `type` of a frame may have. */
function typesOf(frame: TSchema): string[] {
  const parts: TSchema[] = frame.allOf ?? [frame]
  const type: TSchema | undefined = parts.find(part => part.properties?.type)?.properties.type
  const literals: TSchema[] = type?.anyOf ?? (type ? [type] : [])
  return literals.map(literal => String(literal.const))
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const requestFrames = sessionFrames(SessionRequest, type => `request${capital(type)}`)
const answerFrames = sessionFrames(SessionAnswer, type => `answer${capital(type)}`)
const sessionMessages = { ...requestFrames, ...answerFrames }

/* Channels: what is at an address. */

const among = (...names: string[]): Node => Object.fromEntries(names.map(name => [name, message(name)]))
const channel = { description: 'The channel, by the same name as in Redis.', examples: ChannelName.examples }
const query = (properties: Node): Node => ({ type: 'object', properties, additionalProperties: false })
const upgrade = (properties: Node): Node => ({
  bindings: { ws: { method: 'GET', query: query(properties), bindingVersion: '0.1.0' } },
})

const channels: Record<string, Node> = {
  channelEvents: {
    address: '/channels/{channel}/events',
    title: 'One channel, over HTTP',
    description:
      'Server-Sent Events; NDJSON with `Accept: application/x-ndjson`, each line an envelope or a control event.',
    servers: [{ $ref: '#/servers/http' }],
    parameters: { channel },
    messages: among('event', 'binaryEvent', 'gap', 'error', 'open', 'envelope', 'control', 'openEnvelope'),
  },
  events: {
    address: '/events',
    title: 'Several channels and patterns, over HTTP',
    description:
      'Server-Sent Events whose data are envelopes; NDJSON with `Accept: application/x-ndjson`. A message that matches several of them arrives once.',
    servers: [{ $ref: '#/servers/http' }],
    messages: among('envelope', 'gap', 'error', 'open', 'control', 'openEnvelope'),
  },
  channelWebSocket: {
    address: '/channels/{channel}/ws',
    title: 'One channel, over a WebSocket',
    description:
      'Each frame that the gateway sends is a message, and each frame that the client sends is published. With `format=envelope`, the gateway sends envelopes as text.',
    servers: [{ $ref: '#/servers/webSocket' }],
    parameters: { channel },
    messages: among('textFrame', 'binaryFrame', 'envelope', 'control', 'openEnvelope', 'published'),
    ...upgrade({ ...formatQuery, ...positionQuery }),
  },
  webSocket: {
    address: '/ws',
    title: 'Many channels, over one WebSocket',
    description:
      'The client subscribes, unsubscribes and publishes during the connection. Each of its frames is answered by one frame with the same `ref`. Frames without a `type` are envelopes.',
    servers: [{ $ref: '#/servers/webSocket' }],
    messages: among(...Object.keys(sessionMessages), 'envelope', 'control', 'openEnvelope'),
    ...upgrade({}),
  },
}

/* Operations: what the gateway does there. */

const at = (channel: string, ...names: string[]): Node => ({
  channel: { $ref: `#/channels/${channel}` },
  messages: names.map(name => ({ $ref: `#/channels/${channel}/messages/${name}` })),
})

const listening = (properties: Node): Node => ({
  bindings: { http: { method: 'GET', query: query(properties), bindingVersion: '0.3.0' } },
})

const operations: Record<string, Node> = {
  sendEvents: {
    action: 'send',
    summary: 'Server-Sent Events of one channel',
    ...at('channelEvents', 'event', 'binaryEvent', 'gap', 'error', 'open'),
    ...listening({ ...formatQuery, ...streamQuery }),
  },
  sendLines: {
    action: 'send',
    summary: 'NDJSON of one channel; Server-Sent Events with `format=envelope`',
    ...at('channelEvents', 'envelope', 'control', 'openEnvelope'),
    ...listening({ ...formatQuery, ...streamQuery }),
  },
  sendManyEvents: {
    action: 'send',
    summary: 'Server-Sent Events of several channels and patterns',
    ...at('events', 'envelope', 'gap', 'error', 'open'),
    ...listening({
      channel: { type: 'array', items: ChannelName },
      pattern: { type: 'array', items: Glob },
      ...streamQuery,
    }),
  },
  sendManyLines: {
    action: 'send',
    summary: 'NDJSON of several channels and patterns',
    ...at('events', 'envelope', 'control', 'openEnvelope'),
    ...listening({
      channel: { type: 'array', items: ChannelName },
      pattern: { type: 'array', items: Glob },
      ...streamQuery,
    }),
  },
  sendFrames: {
    action: 'send',
    summary: 'Messages of the channel',
    ...at('channelWebSocket', 'textFrame', 'binaryFrame', 'envelope', 'control', 'openEnvelope'),
  },
  receiveFrames: {
    action: 'receive',
    summary: 'Frames that are published to the channel',
    ...at('channelWebSocket', 'published'),
  },
  receiveRequests: {
    action: 'receive',
    summary: 'Requests of the client, each answered by one frame',
    ...at('webSocket', ...Object.keys(requestFrames)),
    reply: at('webSocket', ...Object.keys(answerFrames)),
  },
  sendEnvelopes: {
    action: 'send',
    summary: 'Messages of the subscribed channels and patterns',
    ...at('webSocket', 'envelope', 'control', 'openEnvelope'),
  },
}

/** The components of the OpenAPI document, as far as streams use them. */
function schemas(): Node {
  const all = new Map(components.map(component => [String(component.$id), component as Node])) // each has an $id
  const used = new Set<string>()
  const visit = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"\$ref":"(?:#\/components\/schemas\/)?(\w+)"/g)) {
      const found = all.get(name)
      if (!found || used.has(name)) continue
      used.add(name)
      visit(found)
    }
  }
  visit([streamMessages, sessionMessages])
  return Object.fromEntries(
    [...all].filter(([name]) => used.has(name)).map(([name, { $id, ...schema }]) => [name, schema]),
  )
}

/** In TypeBox a reference is the name of a component. */
function repairReference(key: string, value: unknown): unknown {
  return key === '$ref' && typeof value === 'string' && !value.startsWith('#') ? `#/components/schemas/${value}` : value
}
