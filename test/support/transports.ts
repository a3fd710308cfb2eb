import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'

export type RequestHeaders = Record<string, string>

export interface Transport {
  /** Asks for something of the channel. Resolves with the answer; undefined for a WebSocket that has opened, which is ended then. */
  ask(
    url: string,
    headers?: RequestHeaders,
    options?: { channel?: string; query?: string },
  ): Promise<Response | undefined>
  /** It is let in with any right at all, and what it asks for is judged piece by piece. */
  readonly byPieces?: boolean
  /** Its errors have the shape of Upstash's. */
  readonly upstash?: boolean
  /** It answers with a stream, or takes a ticket: where nothing can be told by a status, it opens and ends. */
  readonly stream?: boolean
}

const JSON_TYPE = { 'content-type': 'application/json' }

function get(
  path: (channel: string) => string,
  more: Partial<Transport> & { accept?: string; method?: string } = {},
): Transport {
  const { accept, method = 'GET', ...rest } = more
  return {
    ...rest,
    ask: (url, headers = {}, { channel = 'news', query = '' } = {}) => {
      const at = path(channel)
      const target = query === '' ? at : `${at}${at.includes('?') ? '&' : '?'}${query}`
      return fetch(url + target, { method, headers: { ...(accept !== undefined && { accept }), ...headers } })
    },
  }
}

function post(
  path: (channel: string) => string,
  body: (channel: string) => unknown,
  more: Partial<Transport> = {},
): Transport {
  return {
    ...more,
    ask: (url, headers = {}, { channel = 'news', query = '' } = {}) => {
      const content = body(channel)
      const isText = typeof content === 'string'
      return fetch(url + path(channel) + (query === '' ? '' : `?${query}`), {
        method: 'POST',
        body: isText ? content : JSON.stringify(content),
        headers: { ...(!isText && JSON_TYPE), ...headers },
      })
    },
  }
}

const webSocket = (path: (channel: string) => string, more: Partial<Transport> = {}): Transport => ({
  ...more,
  ask: (url, headers = {}, { channel = 'news', query = '' } = {}) =>
    upgrade(url + path(channel) + (query === '' ? '' : `?${query}`), headers),
})

/** Every way in that asks who it is: what a rule of access says must hold on each of them. */
export const TRANSPORTS: Record<string, Transport> = {
  'REST publish': post(
    channel => `/channels/${channel}`,
    () => 'x',
  ),
  batch: post(
    () => '/publish',
    channel => ({ messages: [{ channel, data: 'x' }] }),
    { byPieces: true },
  ),
  SSE: get(channel => `/channels/${channel}/events`, { accept: 'text/event-stream', stream: true }),
  NDJSON: get(channel => `/channels/${channel}/events`, { accept: 'application/x-ndjson', stream: true }),
  'several channels': get(channel => `/events?channel=${channel}&channel=${channel}2&pattern=${channel}*`, {
    stream: true,
  }),
  'several channels, NDJSON': get(channel => `/events?channel=${channel}&channel=${channel}2`, {
    accept: 'application/x-ndjson',
    stream: true,
  }),
  messages: get(channel => `/channels/${channel}/messages`),
  'long poll': get(channel => `/channels/${channel}/messages?wait=0.1`),
  list: get(() => '/channels'),
  'list with counts': get(() => '/channels?counts=true'),
  counts: get(channel => `/channels/${channel}/subscribers`),
  describe: get(channel => `/channels/${channel}`),
  'delete the history': get(channel => `/channels/${channel}/history`, { method: 'DELETE' }),
  WebSocket: webSocket(channel => `/channels/${channel}/ws`, { stream: true }),
  'multiplexed WebSocket': webSocket(() => '/ws', { stream: true, byPieces: true }),
  ticket: post(
    () => '/tickets',
    channel => ({ channels: [channel] }),
  ),
  metrics: get(() => '/metrics'),
  'Upstash, publish': post(
    () => '/upstash',
    channel => ['PUBLISH', channel, 'x'],
    { upstash: true },
  ),
  'Upstash, publish by GET': get(channel => `/upstash/publish/${channel}/x`, { upstash: true }),
  'Upstash, pipeline': post(
    () => '/upstash/pipeline',
    channel => [['PUBLISH', channel, 'x']],
    { upstash: true, byPieces: true },
  ),
  'Upstash, transaction': post(
    () => '/upstash/multi-exec',
    channel => [['PUBLISH', channel, 'x']],
    { upstash: true },
  ),
  'Upstash, counts': post(
    () => '/upstash',
    channel => ['PUBSUB', 'NUMSUB', channel],
    { upstash: true },
  ),
  'Upstash, subscribe': get(channel => `/upstash/subscribe/${channel}`, { upstash: true }),
  'Upstash, psubscribe': get(channel => `/upstash/psubscribe/${channel}*`, { upstash: true }),
}

/** Where PUBLIC_PAGES leaves them out. */
export const PAGES: Record<string, Transport> = {
  'OpenAPI document': get(() => '/openapi.json'),
  'AsyncAPI document': get(() => '/asyncapi.json'),
  'page of the API': get(() => '/docs'),
  console: get(() => '/console'),
}

/** The HTTP answer to an upgrade that is refused; undefined for one that has opened, which is ended then. */
export async function upgrade(
  url: string,
  headers: RequestHeaders,
  protocols: string[] = [],
): Promise<Response | undefined> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers })
  const answer = await Promise.race([once(socket, 'unexpected-response'), once(socket, 'open')])
  const response = answer[1] as IncomingMessage | undefined // 'open' brings nothing along
  if (!response) {
    socket.terminate()
    return undefined
  }
  let body = ''
  for await (const chunk of response) body += chunk
  return new Response(body, { status: response.statusCode ?? 0, headers: response.headers as RequestHeaders })
}
