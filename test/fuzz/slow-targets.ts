import Fastify from 'fastify'
import { preview, show, tint, viewsOf } from '../../console/payload.js'
import { Origins } from '../../plugins/access/allowed-origins.js'
import { WorkBudget } from '../../src/access/authorization.js'
import { cookies, holdsCredentials, shownCredentials } from '../../src/access/credentials.js'
import { Grants } from '../../src/access/grants.js'
import { forSubject, RulesError, readRules } from '../../src/access/rules.js'
import carillon, { serverOptions } from '../../src/app.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { startPositionsOf } from '../../src/history/start-position.js'
import { networkOf } from '../../src/limits/network.js'
import { mediaType } from '../../src/messages/content-type.js'
import { encodeId } from '../../src/messages/cursor.js'
import { globMatcher } from '../../src/messages/glob.js'
import { escapeLineEnds } from '../../src/messages/json-text.js'
import { Message } from '../../src/messages/message.js'
import { channelProblem, eventTypeProblem, isGlob, patternProblem } from '../../src/messages/names.js'
import { readTime } from '../../src/messages/time.js'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'
import { requireJson } from '../../src/protocol/json.js'
import { ndjson } from '../../src/protocol/ndjson.js'
import { Problem } from '../../src/protocol/problems.js'
import { readRequest } from '../../src/protocol/session-protocol.js'
import { sse } from '../../src/protocol/sse.js'
import { readIdempotencyKey } from '../../src/publishing/idempotency.js'
import { argumentsFromBody, pipelineFromBody, readCommand } from '../../src/upstash/commands.js'
import { secret } from '../support/tokens.js'
import type { Target } from './slow.js'

/** As long as the head of a request may be. */
const HEAD = 16_000
/** A quarter of what a message may be. */
const BODY = 256_000

const SPACES = [' ', '\t', 'a', '§']
const LIST = [...SPACES, ',', ';', '=', '"', '\\', 'q=0.5', '*/*', 'text/html', 'gzip', '*', '/', ':', '.']
const GLOB = ['a', '*', '?', '[a-c]', '[^a]', '[', ']', '-', ':', 'b', '§']
const CREDENTIALS = [
  ...SPACES,
  'Bearer ',
  '=',
  ';',
  ',',
  'token=',
  'carillon.bearer.',
  'carillon',
  'eyJhbGciOiJIUzI1NiJ9',
  '.',
  '-',
  '~',
] // prettier-ignore
const QUERY = ['?', '&', '=', '%', '%41', '%ff', '+', 'a', '[', ']', 'channel', 'news', 'token=', 'eyJ', '.', '/', '§']
const JSON_PARTS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\\"',
  ':',
  ',',
  '"a":1,',
  '"§":1,',
  '1',
  '-',
  'e',
  '.',
  ' ',
  '\n',
  '\u2028',
  'null,',
  '{"channel":"news","data":"x"},',
  '["PUBLISH","news","x"],',
] // prettier-ignore
const IDS = ['news', 'sport'].map(channel => encodeId(channel, { epoch: '0011223344556677', offset: 7, tag: 9 }))
const CURSOR = [...IDS, '.', 'a', 'AAAAAA§AAAA', '§', '=']
const TIMES = ['2026-01-01', 'T00:00:00', '.', '0', '9', 'Z', '+', ':', '-', 'm', ' ']
const ADDRESSES = ['1', '.', ':', '::', '127.0.0.1', 'f', '[', ']', '%', '/', ',', ' ']
const ORIGINS = ['https://', ':443', ':', '/', 'a', '.', '@', '§']
const PATHS = ['/', '..', '%2F', '%', 'a', 'channels', '/news', ':', '*', '//', '.', '§']

const origins = new Origins('https://app.example.com')
const topics = ['news', 'sport'].map(channelTopic)

/** Everything that reads input. Those that need the whole gateway get it from `inject`, as no socket is worth looking at. */
export async function slowTargets(teardown: (end: () => unknown) => void): Promise<Record<string, Target>> {
  const open = await start({})
  const withRules = await start({ JWT_SECRET: secret, JWT_COOKIE: 'token', TRUST_PROXY: '127.0.0.1' })
  async function start(settings: Partial<Config>) {
    const config = { ...defaultConfig, HISTORY: 'news=10,sport=10', IDEMPOTENCY_SECONDS: 1, ...settings }
    const app = Fastify({ ...serverOptions(config), logger: false })
    teardown(() => app.close())
    await app.register(carillon, { config })
    return app
  }
  const head = (fragments: readonly string[], run: Target['run']): Target => ({ fragments, length: HEAD, run })
  const body = (fragments: readonly string[], run: Target['run']): Target => ({ fragments, length: BODY, run })
  const header = (name: string, fragments: readonly string[], url = '/', app = open): Target =>
    head(fragments, text => app.inject({ url, headers: { [name]: field(text) } }))
  const query = (path: string, app = open): Target => head(QUERY, text => app.inject({ url: `${path}?${text}` }))
  const post = (url: string, type = 'application/json'): Target =>
    body(JSON_PARTS, text => open.inject({ method: 'POST', url, headers: { 'content-type': type }, payload: text }))
  const publish = (name: string, fragments: readonly string[]): Target =>
    head(fragments, text =>
      open.inject({ method: 'POST', url: '/channels/news', headers: { [name]: field(text) }, payload: 'x' }),
    )

  return {
    'channel names': head(GLOB, channelProblem),
    patterns: head(GLOB, patternProblem),
    'event types': head(GLOB, eventTypeProblem),
    // As long as CHANNEL_PATTERN allows; the names of native publishers may be of any length.
    'globs on names': body(GLOB, name => {
      for (const glob of ['*a*b*?', '*[a-c]*[^a]*-', '*a?b*:']) globMatcher(glob)(name)
    }),
    'grants of patterns': body([...GLOB, ','], text => {
      const patterns = text
        .split(',')
        .map(pattern => pattern.slice(0, 128))
        .filter(isGlob)
      const grants = new Grants({ subscribe: patterns })
      const work = new WorkBudget()
      for (const name of patterns.slice(0, 20))
        harmless(() => grants.cover('subscribe', patternTopic(`${name}x`), work))
    }),
    'rights of a token': body([...GLOB, '{sub}', ','], text => {
      harmless(() => forSubject(readRules({ subscribe: [text] }), 'alice'))
      harmless(() => forSubject(readRules({ subscribe: text.split(',').filter(Boolean) }), 'alice'))
    }),
    'cursors on a WebSocket': body(CURSOR, cursor => startPositionsOf({ cursor }, topics, () => true)),
    'times on a WebSocket': body(TIMES, since => harmless(() => startPositionsOf({ since }, topics, () => true))),
    times: head(TIMES, readTime),
    'credentials in a URL': head(QUERY, text => holdsCredentials(`/events?${text}`)),
    Authorization: head(CREDENTIALS, authorization => harmless(() => shownCredentials({ authorization }))),
    Cookie: head(CREDENTIALS, text => cookies(text, 'token')),
    subprotocols: head(CREDENTIALS, subprotocols => harmless(() => shownCredentials({ subprotocols }))),
    'Content-Type': head(LIST, mediaType),
    Origin: head(ORIGINS, text => [origins.judge({ origin: text }, 'a'), origins.judge({ origin: 'https://a' }, text)]),
    addresses: head(ADDRESSES, networkOf),
    'Idempotency-Key': head(LIST, text => harmless(() => readIdempotencyKey(text))),
    'bodies of JSON': body(JSON_PARTS, text => harmless(() => requireJson(Buffer.from(text)))),
    'line ends in JSON': body(JSON_PARTS, escapeLineEnds),
    'frames of a WebSocket': body(JSON_PARTS, text => readRequest(Buffer.from(text))),
    'messages in frames': body([...JSON_PARTS, '\r', '\r\n', '\ud800', 'é'], text => {
      const message = new Message({ channel: 'a', data: Buffer.from(text) })
      return [sse.encode(message), ndjson.encode(message)]
    }),
    'commands of Upstash': body(JSON_PARTS, text => {
      harmless(() => readCommand(argumentsFromBody(Buffer.from(text))))
      harmless(() => pipelineFromBody(Buffer.from(text)))
    }),
    'messages in the console': body(JSON_PARTS, text => {
      const shown = viewsOf(text).map(view => show(text, view))
      return [shown, preview(text), [...tint(shown[0] ?? '')]]
    }),

    'GET with any path': head(PATHS, text => open.inject({ url: `/${text}` })),
    'GET of any channel': head(PATHS, text => open.inject({ url: `/channels/${text}` })),
    'GET of messages with a query': query('/channels/news/messages'),
    'GET of channels with a query': query('/channels'),
    'GET of events with a query, without credentials': query('/events', withRules),
    'GET of many channels': head(['&', 'channel=', 'news', 'sport', 'pattern=', '*', '§', ','], text =>
      open.inject({ url: `/events?pattern=[&${text}` }),
    ),
    'GET with Last-Event-ID': header('last-event-id', CURSOR, '/channels/news/messages'),
    'GET with after': head(CURSOR, text => open.inject({ url: `/channels/news/messages?after=${text}` })),
    'GET with Accept': header('accept', LIST, '/'),
    'GET of messages with Accept': header('accept', LIST, '/channels/news/messages'),
    'GET of a file with Accept-Encoding': header('accept-encoding', LIST, '/client.js'),
    'GET with Accept-Encoding': header('accept-encoding', LIST, '/docs'),
    'GET with If-None-Match': header('if-none-match', LIST, '/client.js'),
    'GET with Authorization': header('authorization', CREDENTIALS, '/channels', withRules),
    'GET with a token': head(['e', 'yJ', '.', '-', '_', 'eyJhbGciOiJIUzI1NiJ9', '=', 'A', '§'], text =>
      withRules.inject({ url: '/channels', headers: { authorization: `Bearer ${field(text)}` } }),
    ),
    'GET with Cookie': header('cookie', CREDENTIALS, '/channels', withRules),
    'GET with X-Forwarded-For': header('x-forwarded-for', ADDRESSES, '/channels', withRules),
    'GET with X-Forwarded-Host': header('x-forwarded-host', [...ORIGINS, ','], '/channels', withRules),
    'GET with Forwarded': header('forwarded', [...LIST, 'for=', 'proto='], '/channels', withRules),
    'GET with Host': header('host', ORIGINS, '/channels'),
    'GET with Origin': header('origin', ORIGINS, '/channels'),
    'GET with Connection': header('connection', [...LIST, 'upgrade'], '/channels'),
    'GET with traceparent': header('traceparent', ['00', '-', 'f', '0', ' ', '§'], '/channels'),
    'POST with Content-Type': publish('content-type', LIST),
    'POST with Content-Encoding': publish('content-encoding', LIST),
    'POST with Idempotency-Key': publish('idempotency-key', LIST),
    'POST with Transfer-Encoding': publish('transfer-encoding', [...LIST, 'chunked']),
    'POST of a message': post('/channels/news', 'text/plain'),
    'POST of JSON': post('/channels/news'),
    'POST of a batch': post('/publish'),
    'POST for a ticket': post('/tickets'),
  }
}

/** As a field of a head may be. */
const field = (text: string): string => text.replace(/[^\t -~]/g, '').trim()

/** Throws nothing but the errors that are meant for the caller. */
function harmless(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    if (error instanceof Problem || error instanceof RulesError) return undefined
    throw error
  }
}
