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
 * Every setting: name, type, default, and the description for `--help` and `docs/settings.md`. Settings come from the
 * environment only, as in a twelve-factor app.
 */
export const configSchema = Type.Object({
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 3000,
    description: 'TCP port to listen on. 0 means a free port.',
  }),
  HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description:
      'Address to listen on. The default accepts local connections only; 0.0.0.0 accepts connections on every interface.',
  }),
  WORKERS: Type.String({
    pattern: '^(?:auto|[1-9]\\d{0,2})$',
    examples: ['4', 'auto'],
    default: '1',
    description:
      'Number of processes that share the port; auto means one for each core. More than one requires REDIS_URL.',
  }),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: `^(?:${REDIS_SCHEMES.join('|').replaceAll('+', '\\+')})://`,
      examples: ['redis://127.0.0.1:6379', 'rediss://user:password@host:6380'],
      description:
        'Redis server: redis://user:password@host:port/db, rediss:// for TLS, unix:///path, redis+sentinel://host:port,host:port/master-name, redis+cluster://host:port,host:port. Default: the embedded broker, for one process.',
    }),
  ),
  REDIS_SHARDED: Type.Boolean({
    default: false,
    description:
      'Use sharded Pub/Sub in a Cluster (SPUBLISH and SSUBSCRIBE, Redis 7). Patterns are not available then.',
  }),
  REDIS_SENTINEL_USERNAME: Type.Optional(
    Type.String({ description: 'User name for the Sentinels, if they require one.' }),
  ),
  REDIS_SENTINEL_PASSWORD: Type.Optional(
    Type.String({ description: 'Password for the Sentinels, if they require one.' }),
  ),
  REDIS_CA_FILE: Type.Optional(
    Type.String({
      description: 'PEM file with the certificate authorities to trust for TLS to Redis. Default: those of Node.',
    }),
  ),
  REDIS_CERT_FILE: Type.Optional(
    Type.String({ description: 'PEM file with the client certificate, if Redis requires one.' }),
  ),
  REDIS_KEY_FILE: Type.Optional(
    Type.String({ description: 'PEM file with the private key of the client certificate.' }),
  ),
  REDIS_TIMEOUT_MS: Type.Integer({
    minimum: 100,
    maximum: 10_000,
    default: 900,
    description: 'Time that Redis has to answer, before its connection is considered dead.',
  }),
  HISTORY: Type.String({
    default: '',
    description:
      'Channels that have a history: pattern[=length[/age]], separated by commas, for example orders:*=1000/1h,chat:*. The first match applies. Default length and age: 1000 messages of the last hour. * is every channel; =0 means no history. Ages are 30s, 10m, 2h, 7d. Empty: no history.',
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
    description: 'Number of clients that catch up from a history at the same time; others wait.',
  }),
  ALLOWED_ORIGINS: Type.Optional(
    Type.String({
      description:
        "Origins of web pages that may use the gateway, separated by commas: https://example.com,https://app.example.com. * allows all origins, without credentials. Pages of the gateway's own origin are always allowed.",
    }),
  ),
  ALLOWED_HEADERS: Type.Optional(
    Type.String({
      pattern: "^ *[A-Za-z0-9!#$%&'+.^_`|~-]+ *(, *[A-Za-z0-9!#$%&'+.^_`|~-]+ *)*$",
      examples: ['X-Tenant', 'X-Tenant,b3'],
      description:
        'Additional request headers that pages of ALLOWED_ORIGINS may send, separated by commas, for example X-Tenant,b3. The headers of the API, of tracing (traceparent, tracestate, baggage, sentry-trace) and X-Requested-With are always allowed.',
    }),
  ),
  TRUST_PROXY: Type.Optional(
    Type.String({
      pattern: '^(\\d{1,2}|[^,\\s]+(,[^,\\s]+)*)$',
      examples: ['1', '10.0.0.0/8,loopback'],
      description:
        'Trusted proxies: the number of proxies in front of the gateway, for example 1, or their addresses, separated by commas: 10.0.0.0/8,loopback. Default: none, and X-Forwarded headers are ignored.',
    }),
  ),
  PUBLISH_RATE: Type.Optional(
    Type.String({
      pattern: RATE_PATTERN,
      examples: ['100/10s', '6000/m'],
      description: 'Messages that a caller may publish, over all gateways: 100/10s or 6000/m. Default: unlimited.',
    }),
  ),
  TICKET_RATE: Type.String({
    pattern: RATE_PATTERN,
    examples: ['100/10s', '6000/m'],
    default: '120/m',
    description:
      'Tickets that a caller may get, over all gateways. A caller is the subject of a token, or the address of an anonymous client.',
  }),
  KEY_TICKET_RATE: Type.String({
    pattern: RATE_PATTERN,
    examples: ['100/10s', '6000/m'],
    default: '12000/m',
    description: 'Tickets that an API key may get, over all gateways. A backend gets them for all of its users.',
  }),
  MAX_STREAMS: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    description: 'Maximum number of streams on one gateway. 0 means unlimited.',
  }),
  MAX_STREAMS_PER_CALLER: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    description: 'Maximum number of streams of one caller on one gateway. 0 means unlimited.',
  }),
  MAX_PATTERNS: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 2000,
    description:
      'Maximum number of different patterns to which all streams of one gateway are subscribed. Redis compares every publish with each of them. 0 means unlimited.',
  }),
  MAX_PATTERNS_PER_CALLER: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 200,
    description:
      'Maximum number of different patterns to which the streams of one caller are subscribed on one gateway. Anonymous clients are counted by address. 0 means unlimited.',
  }),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 0,
    description:
      'Mean delay of the event loop above which the gateway refuses publishes and new streams. 0 means never.',
  }),
  MAX_MEMORY_MB: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description: 'Resident memory in MiB above which the gateway refuses publishes and new streams. 0 means never.',
  }),
  MAX_HEADER_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 1024 * 1024,
    default: 16 * 1024,
    description: 'Maximum size of a request head: the request line with its query, and the headers.',
  }),
  REQUEST_TIMEOUT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 25,
    description:
      'Time that a request has to arrive completely, and a new connection to send its first bytes. The connection is closed at most half a second later.',
  }),
  KEEP_ALIVE_SECONDS: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 75,
    description:
      'How long an idle connection stays open between requests. It must be longer than the idle timeout of your load balancer, or the load balancer sometimes answers 502: see docs/deploy.md.',
  }),
  ...accessSettings,
  LOG_LEVEL: Type.Unsafe<LogLevel>({
    type: 'string',
    enum: LOG_LEVELS,
    default: 'info',
    description: 'Lowest level that is logged.',
  }),
  LOG_REQUESTS: Type.Unsafe<LogRequests>({
    type: 'string',
    enum: LOG_REQUESTS,
    default: 'errors',
    description: 'Which requests and ended streams are logged: all; errors, at most 20 of each kind per second; none.',
  }),
  DOCS: Type.Boolean({ default: true, description: 'Serve the API reference at /docs.' }),
  CONSOLE: Type.Boolean({
    default: true,
    description: 'Serve the console at /console.',
  }),
  UPSTASH: Type.Boolean({
    default: true,
    description: "Serve the pub/sub part of Upstash's REST protocol at /upstash.",
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://',
      examples: ['http://127.0.0.1:4318'],
      description: 'Where traces are sent, by OTLP over HTTP, for example http://127.0.0.1:4318. Default: no tracing.',
    }),
  ),
  OTEL_SERVICE_NAME: Type.String({
    minLength: 1,
    default: 'carillon',
    description: 'Name of the service in traces.',
  }),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description: 'Share of traces that are sent, from 0 to 1. A traceparent header of the request takes precedence.',
  }),
  MAX_MESSAGE_BYTES: Type.Integer({
    minimum: 1,
    maximum: 512 * 1024 * 1024,
    default: 64 * 1024,
    description: 'Maximum size of a message.',
  }),
  MAX_BATCH_BYTES: Type.Integer({
    minimum: 1,
    maximum: 512 * 1024 * 1024,
    default: 1024 * 1024,
    description: 'Maximum size of the body of a batch.',
  }),
  MAX_BATCH_MESSAGES: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: 'Maximum number of messages in a batch.',
  }),
  MAX_SUBSCRIPTIONS: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 100,
    description: 'Maximum number of channels and patterns on one stream.',
  }),
  MAX_BUFFERED_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 1024 * 1024 * 1024,
    default: 1024 * 1024,
    description: 'Bytes that a client may lag behind before it is disconnected for being too slow.',
  }),
  HEARTBEAT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 15,
    description:
      'Interval of heartbeats on a stream. It must be shorter than the idle timeout of every proxy in front.',
  }),
  RETRY_MS: Type.Integer({
    minimum: 1,
    maximum: 3_600_000,
    default: 2000,
    description:
      'Reconnection time for EventSource. Each client gets a random value from half to one and a half times of it.',
  }),
  OPEN_TIMEOUT_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 1000,
    description:
      'How long a stream waits for Redis to acknowledge its subscription. After that it opens, and reports a gap later.',
  }),
  MAX_STREAM_AGE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 604_800,
    default: 0,
    description:
      'Maximum age of a stream, so that it ends before a platform cuts it off. The actual limit is random, between four fifths of it and all of it. 0 means unlimited.',
  }),
  DRAIN_DELAY_SECONDS: Type.Number({
    minimum: 0,
    maximum: 600,
    default: 2,
    description:
      'After SIGTERM, how long the gateway continues to serve while /readyz fails, so that load balancers notice.',
  }),
  DRAIN_SECONDS: Type.Number({
    minimum: 1,
    maximum: 3600,
    default: 9,
    description:
      'After SIGTERM, the time until the process ends. It must be shorter than the grace period of the platform.',
  }),
})

/** A setting has an invalid value. The message names the setting and what is valid. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Config = Static<typeof configSchema>

/** The settings that have a default. */
export const defaultConfig = Object.fromEntries(
  Object.entries(configSchema.properties).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value]],
  ),
) as Config // each property is in the schema with its type, and those without a default are optional
