import { once } from 'node:events'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Test } from 'tap'
import WebSocket from 'ws'
import type { Envelope } from './envelope.js'
import { Inbox } from './inbox.js'

/** A stream over HTTP that is open: its head has come. */
export interface HttpClient<Item> extends Inbox<Item> {
  readonly response: Response
  /** The raw text so far. */
  text(): string
  close(): void
}

/** Opens an SSE stream by `fetch`; resolves with the head of the answer. Heartbeats and `retry:` are not items. */
export async function openSse(
  t: Pick<Test, 'teardown'>,
  url: string,
  headers: Record<string, string> = {},
): Promise<HttpClient<EventSourceMessage>> {
  return openStream<EventSourceMessage>(t, url, { headers: { accept: 'text/event-stream', ...headers } }, put => {
    const parser = createParser({ onEvent: put })
    return chunk => parser.feed(chunk)
  })
}

/** Opens an NDJSON stream by `fetch`; resolves with the head of the answer. */
export async function openNdjson(
  t: Pick<Test, 'teardown'>,
  url: string,
  headers: Record<string, string> = {},
  content: { method?: string; body?: string } = {},
): Promise<HttpClient<Envelope>> {
  const request = { ...content, headers: { accept: 'application/x-ndjson', ...headers } }
  return openStream<Envelope>(t, url, request, put => {
    let rest = ''
    return chunk => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') put(JSON.parse(line) as Envelope) // as the contract says
    }
  })
}

async function openStream<Item>(
  t: Pick<Test, 'teardown'>,
  url: string,
  request: RequestInit,
  reader: (put: (item: Item) => void) => (chunk: string) => void,
): Promise<HttpClient<Item>> {
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const response = await fetch(url, { ...request, signal: controller.signal })
  const inbox = new Inbox<Item>()
  let text = ''
  const read = reader(item => inbox.put(item))
  const pump = async () => {
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      const chunk = decoder.decode(bytes, { stream: true })
      text += chunk
      read(chunk)
    }
  }
  pump()
    .catch(() => {}) // aborted, or cut: the end is what the test sees
    .finally(() => inbox.end())
  return Object.assign(inbox, { response, text: () => text, close: () => controller.abort() })
}

export interface Frame {
  readonly data: string
  readonly bytes: Buffer
  readonly isBinary: boolean
}

export interface WebSocketClient extends Inbox<Frame> {
  readonly socket: WebSocket
  /** Sends JSON as a text frame. */
  send(value: unknown): void
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a WebSocket; resolves when it is open. */
export async function openWebSocket(
  t: Pick<Test, 'teardown'>,
  url: string,
  options: WebSocket.ClientOptions = {},
): Promise<WebSocketClient> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), options)
  t.teardown(() => socket.terminate())
  const inbox = new Inbox<Frame>()
  socket.on('message', (bytes: Buffer, isBinary) => inbox.put({ data: bytes.toString(), bytes, isBinary }))
  const closed = new Promise<{ code: number; reason: string }>(resolve => {
    socket.on('close', (code, reason) => {
      inbox.end()
      resolve({ code, reason: reason.toString() })
    })
  })
  await once(socket, 'open')
  socket.on('error', () => {}) // a close follows, which the test sees
  return Object.assign(inbox, { socket, send: (value: unknown) => socket.send(JSON.stringify(value)), closed })
}
