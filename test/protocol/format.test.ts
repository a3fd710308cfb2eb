import { once } from 'node:events'
import { createParser } from 'eventsource-parser'
import t from 'tap'
import { encodeId } from '../../src/messages/cursor.js'
import { toJson } from '../../src/messages/json-text.js'
import { Message } from '../../src/messages/message.js'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'
import { chunked, type Format, LAST_CHUNK, withPosition } from '../../src/protocol/format.js'
import { sseComment, sseRetry } from '../../src/protocol/sse.js'
import { webSocketText } from '../../src/protocol/web-socket.js'
import { CURSOR_FORMATS, FORMATS } from '../support/formats.js'
import { webSocketReceiver } from '../support/web-socket-receiver.js'

const message = (data: string | Buffer, event?: string) =>
  new Message({ channel: 'news', data: Buffer.from(data), ...(event !== undefined && { event }) })
const notUtf8 = Buffer.from([0xff, 0x00, 0xfe])

/** Every wire form of a message as text. */
const cases: Record<string, { message: Message; sse: string; envelope: string }> = {
  'a line': {
    message: message('hello'),
    sse: 'data: hello\n\n',
    envelope: '{"channel":"news","data":"hello"}',
  },
  'a message with an event type': {
    message: message('1.5', 'price'),
    sse: 'event: price\ndata: 1.5\n\n',
    envelope: '{"channel":"news","event":"price","data":"1.5"}',
  },
  'an empty message': {
    message: message(''),
    sse: 'data: \n\n',
    envelope: '{"channel":"news","data":""}',
  },
  'a message that begins with a space': {
    message: message(' a'),
    sse: 'data:  a\n\n',
    envelope: '{"channel":"news","data":" a"}',
  },
  'a lone CR': {
    message: message('a\revent: evil'),
    sse: 'data: a\ndata: event: evil\n\n',
    envelope: '{"channel":"news","data":"a\\revent: evil"}',
  },
  'a lone LF': {
    message: message('a\nid: evil'),
    sse: 'data: a\ndata: id: evil\n\n',
    envelope: '{"channel":"news","data":"a\\nid: evil"}',
  },
  CRLF: {
    message: message('a\r\nb\r\n'),
    sse: 'data: a\ndata: b\ndata: \n\n',
    envelope: '{"channel":"news","data":"a\\r\\nb\\r\\n"}',
  },
  'line ends only': {
    message: message('\n\r\r\n'),
    sse: 'data: \ndata: \ndata: \ndata: \n\n',
    envelope: '{"channel":"news","data":"\\n\\r\\r\\n"}',
  },
  'U+2028, U+2029, U+0085 and NUL, which end a line for some readers': {
    message: message('a\u2028b\u2029c\u0085d\0e'),
    sse: 'data: a\u2028b\u2029c\u0085d\0e\n\n',
    envelope: '{"channel":"news","data":"a\\u2028b\\u2029c\\u0085d\\u0000e"}',
  },
  'four-byte UTF-8': {
    message: message('🔔'),
    sse: 'data: 🔔\n\n',
    envelope: '{"channel":"news","data":"🔔"}',
  },
  'bytes that are not UTF-8': {
    message: message(notUtf8),
    sse: 'event: envelope\ndata: {"channel":"news","data":"/wD+","encoding":"base64"}\n\n',
    envelope: '{"channel":"news","data":"/wD+","encoding":"base64"}',
  },
  'bytes that are not UTF-8, with an event type': {
    message: message(notUtf8, 'price'),
    sse: 'event: envelope\ndata: {"channel":"news","event":"price","data":"/wD+","encoding":"base64"}\n\n',
    envelope: '{"channel":"news","event":"price","data":"/wD+","encoding":"base64"}',
  },
}

for (const [what, { message, sse, envelope }] of Object.entries(cases)) {
  t.test(`writes ${what} in every format`, async t => {
    t.equal(`${FORMATS.sse.encode(message)}`, sse)
    t.equal(`${FORMATS.sseEnvelope.encode(message)}`, `data: ${envelope}\n\n`)
    t.equal(`${FORMATS.ndjson.encode(message)}`, `${envelope}\n`)
    const { data, isBinary } = await webSocketReceiver().read(FORMATS.webSocket.encode(message))
    t.ok(data.equals(message.data))
    t.equal(isBinary, message.text === undefined)
    t.same(await webSocketReceiver().read(FORMATS.webSocketEnvelope.encode(message)), {
      data: Buffer.from(envelope),
      isBinary: false,
    })
  })

  t.test(`${what} is one event to an EventSource, and one line of NDJSON`, async t => {
    const events: string[] = []
    createParser({ onEvent: ({ data }) => events.push(data) }).feed(`${FORMATS.sse.encode(message)}`)
    t.same(events, [message.text?.replace(/\r\n|\r/g, '\n') ?? envelope])
    t.same(JSON.parse(`${FORMATS.ndjson.encode(message)}`), JSON.parse(envelope))
    t.equal(`${FORMATS.ndjson.encode(message)}`.indexOf('\n'), Buffer.from(envelope).toString().length)
  })
}

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
  t.test(`a WebSocket frame of ${length} bytes is read by ws as it was written`, async t => {
    const receiver = webSocketReceiver()
    const text = Buffer.alloc(length, 'a')
    t.same(await receiver.read(FORMATS.webSocket.encode(message(text))), { data: text, isBinary: false })
    const binary = Buffer.alloc(Math.max(length, 1), 0xff)
    t.same(await receiver.read(FORMATS.webSocket.encode(message(binary))), { data: binary, isBinary: true })
    t.same(await receiver.read(webSocketText(`${text}`)), { data: text, isBinary: false })
  })

const position = { epoch: '0123456789abcdef', offset: 258, tag: 0xabcdef }
const kept = (data: string | Buffer, event?: string) =>
  new Message({ channel: 'news', data: Buffer.from(data), position, ...(event !== undefined && { event }) })
const id = encodeId('news', position)

/** Every wire form of a message that has a place in a history. */
const keptCases: Record<string, { message: Message; sse: string; envelope: string }> = {
  'a line': {
    message: kept('hello'),
    sse: `id: ${id}\ndata: hello\n\n`,
    envelope: `{"channel":"news","id":"${id}","data":"hello"}`,
  },
  'several lines with an event type': {
    message: kept('a\nid: evil', 'price'),
    sse: `id: ${id}\nevent: price\ndata: a\ndata: id: evil\n\n`,
    envelope: `{"channel":"news","id":"${id}","event":"price","data":"a\\nid: evil"}`,
  },
  'bytes that are not UTF-8': {
    message: kept(notUtf8),
    sse: `id: ${id}\nevent: envelope\ndata: {"channel":"news","id":"${id}","data":"/wD+","encoding":"base64"}\n\n`,
    envelope: `{"channel":"news","id":"${id}","data":"/wD+","encoding":"base64"}`,
  },
}

for (const [what, { message, sse, envelope }] of Object.entries(keptCases))
  t.test(`writes ${what} with its id in every format`, async t => {
    t.match(id, /^[\w-]{11}$/)
    t.equal(`${FORMATS.sse.encode(message)}`, sse)
    t.equal(`${FORMATS.sseEnvelope.encode(message)}`, `id: ${id}\ndata: ${envelope}\n\n`)
    t.equal(`${FORMATS.ndjson.encode(message)}`, `${envelope}\n`)
    const bare = await webSocketReceiver().read(FORMATS.webSocket.encode(message))
    t.ok(bare.data.equals(message.data), 'a bare frame has no id')
    const enveloped = await webSocketReceiver().read(FORMATS.webSocketEnvelope.encode(message))
    t.equal(`${enveloped.data}`, envelope)
  })

t.test('writes the cursor of a client before the frame that all have', async t => {
  const { sseEnvelope, ndjson } = CURSOR_FORMATS
  for (const [one, envelope] of [
    [kept('hello'), `{"channel":"news","id":"${id}","data":"hello"}`],
    [message('native'), '{"channel":"news","data":"native"}'],
  ] as const) {
    const written = (format: Format, cursor?: string) => `${format.prefix?.(cursor)}${format.encode(one)}`
    t.equal(written(sseEnvelope, 'a.b'), `id: a.b\ndata: ${envelope}\n\n`)
    t.equal(written(sseEnvelope), `data: ${envelope}\n\n`)
    t.equal(written(ndjson, 'a.b'), `{"cursor":"a.b",${envelope.slice(1)}\n`)
    t.equal(written(ndjson), `${envelope}\n`)
    for (const format of [sseEnvelope, ndjson]) t.equal(format.encode(one), format.encode(one), 'once')
  }
})

t.test('writes where a client stands as an id alone, which is no event to an EventSource', async t => {
  const { position } = FORMATS.sse
  t.equal(`${position?.('a.b')}`, 'id: a.b\n\n')
  const events: unknown[] = []
  const parser = createParser({ onEvent: event => events.push(event) })
  parser.feed(`${position?.('a.b')}`)
  t.same(events, [])
})

t.test('writes where a client stands as an `open` event for one that asked for it', async t => {
  const sse = withPosition(FORMATS.sse)
  t.equal(withPosition(FORMATS.sse), sse, 'clients of one format share it')
  t.equal(`${sse.position?.('a.b')}`, 'id: a.b\nevent: open\ndata: {"cursor":"a.b"}\n\n')
  const message = kept('x')
  t.equal(sse.encode(message), FORMATS.sse.encode(message), 'encoded once for all')
  const { position } = withPosition(CURSOR_FORMATS.ndjson)
  t.equal(`${position?.('a.b')}`, '{"cursor":"a.b","event":"open","data":"{\\"cursor\\":\\"a.b\\"}"}\n')
})

const gap = '{"channel":"news"}'
const topic = channelTopic('news')

t.test('writes a control event in each format, as no message ever looks', async t => {
  const envelope = '{"channel":"news","event":"gap","data":"{\\"channel\\":\\"news\\"}"}'
  t.equal(`${FORMATS.sse.control('gap', topic, gap)}`, `event: gap\ndata: ${gap}\n\n`)
  t.equal(`${FORMATS.sseEnvelope.control('gap', topic, gap)}`, `event: gap\ndata: ${gap}\n\n`)
  t.equal(`${FORMATS.ndjson.control('gap', topic, gap)}`, `${envelope}\n`)
  const data = Buffer.from(envelope)
  t.same(await webSocketReceiver().read(FORMATS.webSocket.control('gap', topic, gap)), { data, isBinary: true })
  t.same(await webSocketReceiver().read(FORMATS.webSocketEnvelope.control('gap', topic, gap)), {
    data,
    isBinary: false,
  })
  t.match(`${FORMATS.ndjson.control('error', patternTopic('n*'), gap)}`, '{"pattern":"n*","event":"error",')
})

t.test('keeps a connection alive with what no client takes for a message', async t => {
  t.equal(`${FORMATS.sse.heartbeat}`, ':\n')
  t.equal(`${FORMATS.sseEnvelope.heartbeat}`, ':\n')
  t.equal(`${FORMATS.ndjson.heartbeat}`, '\n')
  for (const format of [FORMATS.webSocket, FORMATS.webSocketEnvelope]) {
    const { receiver } = webSocketReceiver()
    const ping = once(receiver, 'ping')
    receiver.write(format.heartbeat)
    t.same(await ping, [Buffer.alloc(0)])
  }
})

t.test('writes a reconnection time and a comment', async t => {
  t.equal(`${sseRetry(1500)}`, 'retry: 1500\n')
  t.equal(`${sseComment('hello')}`, ': hello\n')
})

t.test('joins frames in their order, and does not copy one that is alone', async t => {
  const [a, b] = [Buffer.from('a'), Buffer.from('b')]
  for (const format of Object.values(FORMATS)) {
    t.equal(`${format.pack([a, b])}`, 'ab')
    t.equal(format.pack([a]), a)
  }
})

t.test('encodes a message once for each format', async t => {
  const one = message('hello')
  for (const format of Object.values(FORMATS)) t.equal(format.encode(one), format.encode(one))
  t.equal(chunked(FORMATS.sse).encode(one), FORMATS.sse.encode(one), 'chunks are made around it')
})

t.test('puts a whole write into one chunk, its length in hexadecimal bytes', async t => {
  const format = chunked(FORMATS.sse)
  t.equal(`${format.pack([Buffer.from('🔔'.repeat(4)), Buffer.from('b')])}`, '11\r\n🔔🔔🔔🔔b\r\n')
  t.equal(`${format.heartbeat}`, '2\r\n:\n\r\n')
  t.equal(`${chunked(FORMATS.ndjson).heartbeat}`, '1\r\n\n\r\n')
  t.equal(`${LAST_CHUNK}`, '0\r\n\r\n')
  t.equal(chunked(FORMATS.sse), format, 'one format, so that its clients share a group')
  t.not(chunked(FORMATS.sseEnvelope), format)
})

t.test('a control event never contains a line end', async t => {
  const data = toJson({ detail: 'a\u2028b\u2029c\u0085d' })
  for (const format of [FORMATS.sse, FORMATS.ndjson, FORMATS.webSocketEnvelope]) {
    const text = `${format.control('error', channelTopic('news'), data)}`
    t.notMatch(text, /[\u0085\u2028\u2029]/)
    t.match(text, /a\\+u2028b\\+u2029c\\+u0085d/)
  }
})
