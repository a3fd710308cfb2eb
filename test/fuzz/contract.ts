import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'yaml'
import { encodeId } from '../../src/messages/cursor.js'
import { packageFile } from '../../src/support/package.js'
import { hostileText, jsonText } from './texts.js'

interface Schema {
  type?: string
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  enum?: string[]
  items?: Schema
}

interface Parameter {
  in: string
  name: string
  schema: Schema
}

interface Response {
  $ref?: string
  content?: Record<string, { schema: object }>
}

interface Operation {
  parameters?: Parameter[]
  responses: Record<string, Response>
}

interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { responses: Record<string, Response>; schemas: Record<string, object> }
}

export interface FuzzRequest {
  readonly method: string
  /** As the document has it; undefined for a path that it has not. */
  readonly operation: string | undefined
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Its answer ends the connection, or may never end: nothing may be sent behind it. */
  readonly isLast: boolean
}

export interface FuzzAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** The OpenAPI document as a source of requests and as the judge of answers. */
export class Contract {
  readonly #document: Document
  readonly #ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false })
  /** Real ones, which the fuzz spends. */
  tickets: readonly string[] = ['']
  readonly #validators = new Map<object, (data: unknown) => boolean>()

  private constructor(document: Document) {
    this.#document = document
    this.#ajv.addSchema({ $id: 'document', components: document.components })
  }

  static async read(): Promise<Contract> {
    return new Contract(parse(await readFile(packageFile('openapi.yaml'), 'utf8')))
  }

  /** Requests to all operations, from right to very wrong. */
  requests(): fc.Arbitrary<FuzzRequest> {
    const operations = Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => this.#request(path, method.toUpperCase(), operation)),
    )
    const elsewhere = fc
      .tuple(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'), target())
      .map(
        ([method, path]): FuzzRequest => ({
          method,
          operation: undefined,
          target: path,
          headers: {},
          body: Buffer.alloc(0),
          isLast: method === 'HEAD',
        }),
      )
    return fc.oneof(
      ...operations.map(arbitrary => ({ arbitrary, weight: 4 })),
      { arbitrary: elsewhere, weight: 2 },
      { arbitrary: upstashRequests(), weight: 12 },
    )
  }

  #request(path: string, method: string, { parameters = [] }: Operation): fc.Arbitrary<FuzzRequest> {
    const values = parameters.map(parameter =>
      fc.tuple(fc.constant(parameter), fc.integer({ min: 0, max: 9 }), this.#value(parameter)),
    )
    const extra = fc.oneof(
      { arbitrary: fc.constant(''), weight: 12 },
      { arbitrary: hostileText().map(name => `${encode(name)}=1`), weight: 1 },
      {
        arbitrary: fc.constantFrom('%', '&&', '?', '=', 'a[b]=1', '__proto__=1', 'access_token=x', '%zz=1'),
        weight: 1,
      },
    )
    const isStream = path.endsWith('/events')
    return fc
      .tuple(fc.tuple(...values), extra, headers(), body(path), fc.integer({ min: 0, max: 20 }))
      .map(([given, more, headers, [type, bytes], dice]): FuzzRequest => {
        let target = path
        const query: string[] = []
        for (const [{ in: where, name, schema }, presence, value] of given) {
          if (where === 'path') target = target.replace(`{${name}}`, value)
          else if (presence < 5 || (path === '/events' && name === 'channel' && presence < 9)) {
            const many = schema.type === 'array' ? presence : 1
            for (let i = 0; i < Math.max(1, many); i++) query.push(`${name}=${value}`)
          }
        }
        // A stream of the contract may stay open for ever; here it ends by itself.
        if (isStream) query.push('timeout=0.001')
        if (more) query.push(more)
        const sends = method === 'POST' || dice === 0
        return {
          method,
          operation: path,
          target: query.length > 0 ? `${target}?${query.join('&')}` : target,
          headers: { ...headers, ...(sends && type !== undefined && { 'content-type': type }) },
          body: sends ? bytes : Buffer.alloc(0),
          isLast: isStream,
        }
      })
  }

  /** What hits something is rarely found by chance: channels that are kept, cursors that could be, tickets that are. */
  #value({ name, schema }: Parameter): fc.Arbitrary<string> {
    const any = text(schema)
    const known: Record<string, fc.Arbitrary<string>> = {
      channel: fc.constantFrom(...CHANNELS),
      after: cursors(),
      last_event_id: cursors(),
      since: fc.constantFrom('all', '1s', '10m', '2020-01-01T00:00:00Z', '9999-12-31T23:59:59Z'),
      ticket: fc.constantFrom(...this.tickets, `AAAAAAAA.${'A'.repeat(32)}`),
      // A long poll would hold up what stands behind it.
      wait: fc.constantFrom('0', '0.001', '-1', '61', 'x'),
    }
    const hit = known[name]
    if (name === 'wait' && hit) return hit
    return hit ? fc.oneof({ arbitrary: hit, weight: 2 }, { arbitrary: any, weight: 1 }) : any
  }

  /** What is wrong with an answer, or undefined. */
  judge({ operation, method, target }: FuzzRequest, { status, headers, body }: FuzzAnswer): string | undefined {
    if (status >= 500) return `a status of ${status}`
    if (target === '/') return undefined // a page, which the document does not describe: a hostile text may be empty
    if (operation === UPSTASH) return judgeUpstash(method, { status, headers, body })
    const type = headers.get('content-type')?.split(';')[0] ?? ''
    const described = operation === undefined ? undefined : this.#document.paths[operation]?.[method.toLowerCase()]
    const response = described && this.#response(described.responses[status])
    if (described && !response && status !== 404 && status !== 405) return `a status that is not described: ${status}`
    if (status === 204 && (response || method === 'OPTIONS')) return undefined
    if (method === 'HEAD') return body.length > 0 ? 'a body to HEAD' : undefined
    const content = response?.content ?? { 'application/problem+json': { schema: PROBLEM } }
    const media = content[type]
    if (status >= 400 && !media) return `${status} with the media type ${type}`
    if (!media) return `the media type ${type}`
    if (!type.endsWith('json') || type.includes('ndjson')) return undefined
    let data: unknown
    try {
      data = JSON.parse(body.toString())
    } catch {
      return `JSON that is none: ${body.toString().slice(0, 100)}`
    }
    const valid = this.#validator(media.schema)(data)
    return valid ? undefined : `a body that is not as described: ${body.toString().slice(0, 200)}`
  }

  #response(response: Response | undefined): Response | undefined {
    const name = response?.$ref?.replace('#/components/responses/', '')
    return name === undefined ? response : this.#document.components.responses[name]
  }

  #validator(schema: object): (data: unknown) => boolean {
    let validate = this.#validators.get(schema)
    if (!validate) {
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'))
      validate = this.#ajv.compile(absolute) as (data: unknown) => boolean
      this.#validators.set(schema, validate)
    }
    return validate
  }
}

const PROBLEM = { $ref: '#/components/schemas/Problem' }

const UPSTASH = 'upstash'
const CHANNELS = ['news', 'kept', 'kept2', 'abc', 'sport']

/** Ids as the gateway writes them, of messages that may be, were or never will be there. */
const cursors = (): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc
          .tuple(fc.constantFrom(...CHANNELS), fc.nat(60), fc.nat(0xffffff))
          .map(([channel, offset, tag]) => encodeId(channel, { epoch: 'a1b2c3d4e5f60718', offset, tag })),
        fc.stringMatching(/^[A-Za-z0-9_-]{10,16}$/),
        hostileText().map(encode),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map(ids => ids.join('.'))

/** Upstash's protocol, which the document does not describe. */
function upstashRequests(): fc.Arbitrary<FuzzRequest> {
  const word = fc.oneof(
    fc.constantFrom(
      'PUBLISH',
      'publish',
      'PING',
      'ECHO',
      'PUBSUB',
      'CHANNELS',
      'NUMSUB',
      'NUMPAT',
      'SUBSCRIBE',
      'GET',
      'FLUSHALL',
      'EVAL',
      '',
    ),
    fc.constantFrom(...CHANNELS),
    hostileText(),
  )
  const publish = fc
    .tuple(fc.constantFrom(...CHANNELS), hostileText())
    .map(([channel, data]) => ['PUBLISH', channel, data])
  const command = fc.oneof(publish, fc.array(word, { maxLength: 4 }), fc.jsonValue())
  const bodies = fc.oneof(
    command.map(value => JSON.stringify(value)),
    fc.array(command, { maxLength: 5 }).map(value => JSON.stringify(value)),
    jsonText(),
  )
  const path = fc.oneof(
    { arbitrary: fc.constantFrom('', '/pipeline', '/multi-exec'), weight: 3 },
    {
      arbitrary: fc.array(word, { minLength: 1, maxLength: 4 }).map(words => `/${words.map(encode).join('/')}`),
      weight: 2,
    },
    { arbitrary: fc.constantFrom('/subscribe/', '/psubscribe/[', '/subscribe/carillon:x', '/publish/news'), weight: 1 },
  )
  const more = fc.constantFrom(
    {},
    { 'upstash-encoding': 'base64' },
    { 'upstash-encoding': 'x' },
    { 'upstash-response-format': 'resp2' },
  )
  return fc
    .tuple(fc.constantFrom('POST', 'POST', 'GET'), path, bodies, headers(), more)
    .map(([method, path, body, headers, more]): FuzzRequest => {
      // A stream of it has no end of its own: those are for names that are refused.
      const target = `/upstash${path.replace(/^\/(p?subscribe)\/(?=[A-Za-z0-9*?])(?!carillon:)/i, '/$1/%20')}`
      return {
        method,
        operation: UPSTASH,
        target,
        headers: { ...headers, ...more },
        body: method === 'POST' ? Buffer.from(body) : Buffer.alloc(0),
        isLast: false,
      }
    })
}

function judgeUpstash(method: string, { status, headers, body }: FuzzAnswer): string | undefined {
  if (!headers.get('content-type')?.startsWith('application/json')) {
    // What is no path of it is answered as all others are.
    return headers.get('content-type')?.startsWith('application/problem+json')
      ? undefined
      : `${status} with the media type ${headers.get('content-type')}`
  }
  const value: unknown = JSON.parse(body.toString())
  const isReply = (reply: unknown) =>
    typeof reply === 'object' && reply !== null && ('result' in reply || 'error' in reply)
  return [value].flat().every(isReply)
    ? undefined
    : `${method}: no answer of Upstash's protocol: ${body.toString().slice(0, 200)}`
}

/** For a URL; what has no UTF-8 stays as it is written. */
const encode = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))

const target = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      '//',
      '/channels/',
      '/channels/a/',
      '/favicon.ico',
      '/__proto__',
      '/channels/a/b/c',
      '/%',
      '/%zz',
      '/.',
      '/..',
      '/*',
      '/events/',
      '/WS',
    ),
    hostileText().map(text => `/${encode(text)}`),
    hostileText().map(text => `/channels/${encode(text)}/events/${encode(text)}`),
  )

/** A value of a parameter as a URL writes it: as its schema wants it, nearly so, or not at all. */
function text(schema: Schema): fc.Arbitrary<string> {
  const { type, pattern, enum: values, items, minimum, maximum } = schema
  if (items) return text(items)
  const right =
    values !== undefined
      ? fc.constantFrom(...values)
      : pattern !== undefined && !pattern.includes('(?=')
        ? fc.stringMatching(new RegExp(pattern))
        : type === 'integer' || type === 'number'
          ? fc.integer({ min: minimum ?? 1, max: Math.min(maximum ?? 1000, 1000) }).map(String)
          : type === 'boolean'
            ? fc.constantFrom('true', 'false')
            : fc.constantFrom('news', 'chat:*', '*', 'a?c', '[a-f]x')
  const wrong = fc.oneof(
    hostileText().map(encode),
    fc.constantFrom(
      '',
      '%',
      '%zz',
      '%00',
      '%0d%0a',
      '%c3%28',
      '..',
      'carillon:x',
      '0',
      '-1',
      '1e999',
      'Infinity',
      'NaN',
      'null',
      'a'.repeat(129),
      'a'.repeat(8200),
    ),
  )
  return fc.oneof({ arbitrary: right.map(encode), weight: 3 }, { arbitrary: wrong, weight: 2 })
}

const token = (): fc.Arbitrary<string> => fc.stringMatching(/^[\t -~\x80-\xff]{0,40}$/)

function headers(): fc.Arbitrary<Record<string, string>> {
  const some = (name: string, ...values: (string | fc.Arbitrary<string>)[]) =>
    fc.oneof(
      { arbitrary: fc.constant({}), weight: 8 },
      {
        arbitrary: fc
          .oneof(...values.map(value => (typeof value === 'string' ? fc.constant(value) : value)))
          .map(value => ({ [name]: value })),
        weight: 1,
      },
    )
  return fc
    .tuple(
      some('accept', 'application/x-ndjson', 'text/event-stream', '*/*', token()),
      some('origin', 'https://evil.example', 'null', 'http://127.0.0.1', token()),
      some('sec-fetch-site', 'cross-site', 'same-origin', 'none', token()),
      some(
        'authorization',
        'Bearer FUZZ-SECRET-1',
        `Bearer ${FORGED}`,
        `Bearer carillon_${'A'.repeat(43)}`,
        'Basic FUZZ-SECRET-2',
        'Bearer',
        token(),
      ),
      some('cookie', 'carillon=FUZZ-SECRET-3', 'token=FUZZ-SECRET-4', `carillon-AAAAAAAA=${'A'.repeat(32)}`, token()),
      some('last-event-id', 'x', 'AAAA', cursors(), token()),
      some('idempotency-key', '"FUZZ-KEY"', 'FUZZ-KEY-2', '"FUZZ-KEY-3"', '', token()),
      some('content-encoding', 'gzip', 'identity', token()),
      some('x-forwarded-for', '1.2.3.4', token()),
      some('upgrade', 'h2c', 'websocket', token()).map(given =>
        'upgrade' in given ? { ...given, connection: 'upgrade' } : given,
      ),
      some('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', token()),
      some('x-fuzz', 'x'.repeat(1000), token()),
    )
    .map(parts => Object.assign({}, ...parts))
}

/** A body and its content type. */
function body(path: string): fc.Arbitrary<readonly [string | undefined, Buffer]> {
  const bytes = fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array))
  const type = fc.constantFrom(
    undefined,
    'text/plain',
    'application/json',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'application/json; charset=utf-8',
    ';;',
    'text',
    'a/b; c="',
    'application/cloudevents+json',
  )
  const anything = fc.tuple(type, fc.oneof(bytes, jsonText().map(Buffer.from)))
  if (path === '/tickets') {
    const wishes = fc.tuple(
      fc.constant('application/json'),
      ticketWish().map(wish => Buffer.from(JSON.stringify(wish))),
    )
    return fc.oneof({ arbitrary: wishes, weight: 4 }, { arbitrary: anything, weight: 1 })
  }
  if (path !== '/publish') return anything
  const batch = fc.tuple(
    fc.constant('application/json'),
    fc.array(batchItem(), { maxLength: 6 }).map(messages => Buffer.from(JSON.stringify({ messages }))),
  )
  return fc.oneof({ arbitrary: batch, weight: 4 }, { arbitrary: anything, weight: 1 })
}

/** A JSON Web Token by nobody. */
const FORGED = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJGVVpaLVNFQ1JFVC01IiwiZXhwIjo5OTk5OTk5OTk5fQ.FUZZ-SECRET-6'

const ticketWish = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      arbitrary: fc.record(
        {
          channels: fc.oneof(fc.subarray(CHANNELS), fc.array(hostileText(), { maxLength: 3 })),
          patterns: fc.oneof(fc.subarray(['chat:*', '*', '[ab]?']), fc.array(hostileText(), { maxLength: 3 })),
          rights: fc.oneof(
            fc.constantFrom(['subscribe'], ['publish', 'subscribe']),
            fc.subarray(['subscribe', 'publish', 'admin']),
          ),
          seconds: fc.oneof(fc.constantFrom(1, 2), fc.integer({ min: -1, max: 61 })),
        },
        { requiredKeys: [] },
      ),
      weight: 5,
    },
    { arbitrary: fc.jsonValue(), weight: 1 },
  )

const batchItem = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      arbitrary: fc.record(
        {
          channel: fc.oneof(fc.constantFrom('news', 'sport', 'carillon:x', '__proto__'), hostileText()),
          data: fc.oneof(fc.constantFrom('hello', 'aGVsbG8='), hostileText()),
          event: fc.oneof(fc.constantFrom('price', 'gap'), hostileText()),
          encoding: fc.constantFrom('base64', 'hex'),
          idempotency_key: fc.oneof(fc.constantFrom('FUZZ-KEY', 'FUZZ-KEY-4'), hostileText()),
        },
        { requiredKeys: ['channel', 'data'] },
      ),
      weight: 5,
    },
    { arbitrary: fc.jsonValue(), weight: 1 },
  )
