import http from 'node:http'
import { createParser } from 'eventsource-parser'
import type { Ending, TopicName } from './history.js'

/** What comes on a stream, whatever its form. */
export interface StreamHandler {
  /** The answer was 200: the client is told that it is subscribed. */
  open(): void
  /** Another status, which says that it never will be. */
  refused(status: number): void
  /** `event` is undefined where the form does not tell, and empty where there is none. */
  message(channel: string | undefined, event: string | undefined, data: string): void
  control(event: string, data: string): void
  /** Where the client stands now: what it gives back to go on from here. Without a channel: on all of them. */
  position(cursor: string, channel?: string): void
  retry(milliseconds: number): void
  end(ending: Ending, code?: number): void
}

export interface OpenStream {
  close(): void
}

export type HttpForm = 'sse' | 'ndjson'

interface Envelope {
  channel: string
  id?: string
  cursor?: string
  event?: string
  data: string
}

export const pathOf = (topics: readonly TopicName[]): string => {
  const [only] = topics
  if (topics.length === 1 && only?.kind === 'channel') return `/channels/${only.name}/events`
  return `/events?${topics.map(({ kind, name }) => `${kind}=${encodeURIComponent(name)}`).join('&')}`
}

/** From where a stream goes on. */
export interface Begin {
  readonly cursor?: string | undefined
  /** Asks to be told at once where it stands. */
  readonly asksForPosition?: boolean | undefined
}

/** Opens an HTTP stream on a socket of its own. */
export function openHttp(
  url: string,
  form: HttpForm,
  topics: readonly TopicName[],
  handler: StreamHandler,
  { cursor, asksForPosition = false }: Begin = {},
): OpenStream {
  const accept = form === 'sse' ? 'text/event-stream' : 'application/x-ndjson'
  const path = `${pathOf(topics)}${asksForPosition ? `${topics.length === 1 ? '?' : '&'}position=true` : ''}`
  // Each form goes on in its own way: as `EventSource` does, and by the query.
  const after = cursor !== undefined && form === 'ndjson' ? `${path.includes('?') ? '&' : '?'}after=${cursor}` : ''
  const lastEventId = cursor !== undefined && form === 'sse' ? { 'last-event-id': cursor } : {}
  const request = http.get(url + path + after, { agent: false, headers: { accept, ...lastEventId } })
  let closed = false
  let ended = false
  const end = (ending: Ending) => {
    if (ended) return
    ended = true
    handler.end(closed ? 'self' : ending)
  }
  request.on('error', () => end('cut'))
  request.on('response', response => {
    if (response.statusCode !== 200) {
      response.resume()
      handler.refused(response.statusCode ?? 0)
      return end('clean')
    }
    handler.open()
    const enveloped = path.startsWith('/events')
    const read = form === 'sse' ? sseReader(enveloped, handler) : ndjsonReader(handler)
    response.setEncoding('utf8')
    response.on('data', read)
    response.on('end', () => end('clean'))
    response.on('error', () => end('cut'))
    response.on('close', () => end('cut'))
  })
  return {
    close: () => {
      closed = true
      request.destroy()
    },
  }
}

const isControl = (event: string | undefined): event is string => event === 'gap' || event === 'error'
/** It tells the cursor, and nothing else. */
const isOpen = (event: string | undefined): boolean => event === 'open'

function sseReader(enveloped: boolean, handler: StreamHandler): (chunk: string) => void {
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (isControl(event)) handler.control(event, data)
      else if (isOpen(event)) return
      else if (enveloped) readEnvelope(data, handler)
      else handler.message(undefined, event ?? '', data)
    },
    onRetry: milliseconds => handler.retry(milliseconds),
  })
  let rest = ''
  return chunk => {
    parser.feed(chunk)
    // As in WHATWG HTML 9.2.6, an id counts when its event is whole, also one without data, which the parser passes over.
    const events = (rest + chunk).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const [, id] = /^id: ?(.*)$/m.exec(event) ?? []
      if (id !== undefined) handler.position(id)
    }
  }
}

function ndjsonReader(handler: StreamHandler): (chunk: string) => void {
  let rest = ''
  return chunk => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') readEnvelope(line, handler)
  }
}

export function readEnvelope(text: string, handler: StreamHandler): void {
  const { channel, id, cursor, event, data } = JSON.parse(text) as Envelope // as the contract says
  if (isControl(event)) handler.control(event, data)
  else if (!isOpen(event)) handler.message(channel, event ?? '', data)
  if (cursor !== undefined) handler.position(cursor)
  else if (id !== undefined) handler.position(id, channel)
}
