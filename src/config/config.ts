import { type Static, Type } from '@sinclair/typebox'
import { accessSettings } from './access-settings.js'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

const LOG_REQUESTS = ['errors', 'all', 'none'] as const
type LogRequests = (typeof LOG_REQUESTS)[number]

/** `100/10s`, `6000/m`: see `src/limits/rate.ts`. */
const RATE_PATTERN = '^[1-9]\\d{0,8}/\\d{0,5}[smh]$'

/** The schemes of `REDIS_URL`. */
export const REDIS_SCHEMES = [
  'redis',
  'rediss',
  'redis+sentinel',
  'rediss+sentinel',
  'redis+cluster',
  'rediss+cluster',
  'unix',
] as const

/**
 * Every setting there is: name, type, default, and the words for `--help` and `docs/settings.md`.
 * The environment is the only source, as the twelve-factor app asks.
 */
export const configSchema = Type.Object({
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 3000,
    description: 'TCP port to listen on; 0 takes a free one.',
  }),
  HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description: 'Address to listen on. The default serves this machine only; 0.0.0.0 serves everybody.',
  }),
  WORKERS: Type.String({
    pattern: '^(?:auto|[1-9]\\d{0,2})$',
    default: '1',
    description:
      'How many processes serve the port, each a gateway of its own; auto takes one for each core. More than one needs REDIS_URL.',
  }),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: `^(?:${REDIS_SCHEMES.join('|').replaceAll('+', '\\+')})://`,
      description:
        'Redis to work with: redis://user:password@host:port/db, rediss:// for TLS, unix:///path, redis+sentinel://host:port,host:port/master-name, redis+cluster://host:port,host:port. Without it the embedded broker serves this one process.',
    }),
  ),
  REDIS_SHARDED: Type.Boolean({
    default: false,
    description: 'In a Cluster, use sharded Pub/Sub (SPUBLISH, SSUBSCRIBE; Redis 7). There are no patterns then.',
  }),
  REDIS_SENTINEL_USERNAME: Type.Optional(
    Type.String({ description: 'User at the Sentinels, where they ask for one.' }),
  ),
  REDIS_SENTINEL_PASSWORD: Type.Optional(
    Type.String({ description: 'Password at the Sentinels, where they ask for one.' }),
  ),
  REDIS_CA_FILE: Type.Optional(
    Type.String({ description: 'PEM file of the authorities to trust for TLS to Redis, instead of the usual ones.' }),
  ),
  REDIS_CERT_FILE: Type.Optional(
    Type.String({ description: 'PEM file of the client certificate, where Redis asks for one.' }),
  ),
  REDIS_KEY_FILE: Type.Optional(Type.String({ description: 'PEM file of its private key.' })),
  REDIS_TIMEOUT_MS: Type.Integer({
    minimum: 100,
    maximum: 10_000,
    default: 900,
    description: 'How long Redis may take to answer before its connection counts as dead.',
  }),
  HISTORY: Type.String({
    default: '',
    description:
      'Channels that have a history, as pattern[=length[/age]], several by commas, the first that matches counts: orders:*=1000/1h,chat:*. Without more, 1000 messages of the last hour; * alone is every channel, and =0 is none. Ages are 30s, 10m, 2h, 7d. Empty: no history.',
  }),
  IDEMPOTENCY_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 604_800,
    default: 21_600,
    description: 'How long an Idempotency-Key is remembered.',
  }),
  MAX_REPLAYS: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 100,
    description: 'How many clients are given what they have missed at a time; the others wait for their turn.',
  }),
  ALLOWED_ORIGINS: Type.Optional(
    Type.String({
      description:
        "Origins whose web pages may use the gateway, between commas, as in https://example.com,https://app.example.com; * is all of them, without credentials. Pages of the gateway's own origin, and programs, always may.",
    }),
  ),
  ALLOWED_HEADERS: Type.Optional(
    Type.String({
      pattern: "^ *[A-Za-z0-9!#$%&'+.^_`|~-]+ *(, *[A-Za-z0-9!#$%&'+.^_`|~-]+ *)*$",
      description:
        'More request headers that pages of ALLOWED_ORIGINS may send, separated by commas, as in X-Tenant,b3. The headers of the API, of tracing (traceparent, tracestate, baggage, sentry-trace) and X-Requested-With are always allowed.',
    }),
  ),
  TRUST_PROXY: Type.Optional(
    Type.String({
      pattern: '^(\\d{1,2}|[^,\\s]+(,[^,\\s]+)*)$',
      description:
        'Proxies whose X-Forwarded headers are believed: their number in front of the gateway, as in 1, or their addresses between commas, as in 10.0.0.0/8,loopback. Without it nobody is believed.',
    }),
  ),
  PUBLISH_RATE: Type.Optional(
    Type.String({
      pattern: RATE_PATTERN,
      description:
        'Messages that one caller may publish over all gateways, as in 100/10s or 6000/m; without it as many as it likes.',
    }),
  ),
  TICKET_RATE: Type.String({
    pattern: RATE_PATTERN,
    default: '120/m',
    description:
      'Tickets that one caller may get over all gateways: the subject of a token, or an address without credentials.',
  }),
  KEY_TICKET_RATE: Type.String({
    pattern: RATE_PATTERN,
    default: '12000/m',
    description: 'Tickets that one API key may get over all gateways; a backend gets them for all of its users.',
  }),
  MAX_STREAMS: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    description: 'Most streams on one gateway; 0 sets no limit.',
  }),
  MAX_STREAMS_PER_CALLER: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    description: 'Most streams of one caller on one gateway; 0 sets no limit.',
  }),
  MAX_PATTERNS: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 2000,
    description:
      'Most different patterns to which the streams of one gateway are subscribed together; 0 sets no limit. Redis compares every publish with each of them.',
  }),
  MAX_PATTERNS_PER_CALLER: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 200,
    description:
      'Most different patterns to which the streams of one caller are subscribed on one gateway; 0 sets no limit. Clients without credentials of their own are told apart by address.',
  }),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 0,
    description:
      'Above this mean delay of the event loop the gateway is overloaded: it refuses publishes and new streams for a moment; 0 sets no limit.',
  }),
  MAX_MEMORY_MB: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description: 'Above this resident memory, in MiB, the gateway is overloaded too; 0 sets no limit.',
  }),
  MAX_HEADER_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 1024 * 1024,
    default: 16 * 1024,
    description: 'Largest head of a request: its line, query included, and its headers.',
  }),
  REQUEST_TIMEOUT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 25,
    description:
      'How long a request may take to arrive, and a new connection to send something; it is cut at most half a second later.',
  }),
  KEEP_ALIVE_SECONDS: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 75,
    description:
      'How long a connection stays open between two requests. Set it higher than the idle time of your load balancer, which would otherwise answer 502 now and then: see docs/deploy.md.',
  }),
  ...accessSettings,
  LOG_LEVEL: Type.Unsafe<LogLevel>({
    type: 'string',
    enum: LOG_LEVELS,
    default: 'info',
    description: 'Least level that is logged.',
  }),
  LOG_REQUESTS: Type.Unsafe<LogRequests>({
    type: 'string',
    enum: LOG_REQUESTS,
    default: 'errors',
    description:
      'Of which requests, and ends of streams, there is a line in the log: all; errors, those that went wrong, at most 20 a second of each; none.',
  }),
  DOCS: Type.Boolean({ default: true, description: 'Whether there is a page about the API at /docs.' }),
  CONSOLE: Type.Boolean({
    default: true,
    description: 'Whether there is a page at /console that shows channels, listens and publishes.',
  }),
  UPSTASH: Type.Boolean({
    default: true,
    description: "Whether the pub/sub part of Upstash's REST protocol is spoken under /upstash.",
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description:
        'Where traces are sent, by OTLP over HTTP, such as http://127.0.0.1:4318. Without it there is no tracing.',
    }),
  ),
  OTEL_SERVICE_NAME: Type.String({
    minLength: 1,
    default: 'carillon',
    description: 'The name of the service in traces.',
  }),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description:
      'Share of the traces that begin here that is sent; where a traceparent came with the request, that decides.',
  }),
  MAX_MESSAGE_BYTES: Type.Integer({
    minimum: 1,
    maximum: 512 * 1024 * 1024,
    default: 64 * 1024,
    description: 'Largest message a client may publish.',
  }),
  MAX_BATCH_BYTES: Type.Integer({
    minimum: 1,
    maximum: 512 * 1024 * 1024,
    default: 1024 * 1024,
    description: 'Largest body of a batch.',
  }),
  MAX_BATCH_MESSAGES: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: 'Most messages in one batch.',
  }),
  MAX_SUBSCRIPTIONS: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 100,
    description: 'Most channels and patterns on one stream.',
  }),
  MAX_BUFFERED_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 1024 * 1024 * 1024,
    default: 1024 * 1024,
    description: 'How far a client may fall behind before it is cut.',
  }),
  HEARTBEAT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 15,
    description: 'Time between two heartbeats on a stream; keep it below the idle time of every proxy in between.',
  }),
  RETRY_MS: Type.Integer({
    minimum: 1,
    maximum: 3_600_000,
    default: 2000,
    description: 'Reconnection time given to EventSource; each client gets one between half and one and a half of it.',
  }),
  OPEN_TIMEOUT_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 1000,
    description:
      'How long a stream waits for Redis to acknowledge its subscription before it opens without, and tells a gap later.',
  }),
  MAX_STREAM_AGE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 604_800,
    default: 0,
    description:
      'Ends each stream after at most so long, so that it reconnects before a platform cuts it (jittered down to four fifths); 0 never does.',
  }),
  DRAIN_DELAY_SECONDS: Type.Number({
    minimum: 0,
    maximum: 600,
    default: 2,
    description: 'After SIGTERM, how long to go on serving as not ready, until load balancers have noticed.',
  }),
  DRAIN_SECONDS: Type.Number({
    minimum: 1,
    maximum: 3600,
    default: 9,
    description: 'After SIGTERM, when the process has ended at the latest; keep it below what the platform grants.',
  }),
})

/** A setting has a value that cannot be used. The message names the setting and what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Config = Static<typeof configSchema>

/** The settings that have a value by themselves. */
export const defaultConfig = Object.fromEntries(
  Object.entries(configSchema.properties).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value]],
  ),
) as Config // each property is in the schema with its type, and those without a default are optional
