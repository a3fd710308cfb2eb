import t from 'tap'
import { parseRedisUrl, type RedisAddress } from '../../../../src/brokers/redis/connection/address.js'
import { ConfigError } from '../../../../src/config/config.js'

const local = { host: '127.0.0.1', port: 6379 }

const FORMS: Record<string, RedisAddress> = {
  'redis://127.0.0.1': { kind: 'standalone', tls: false, at: local, db: 0 },
  'redis://127.0.0.1/': { kind: 'standalone', tls: false, at: local, db: 0 },
  'redis://redis.example:7000/3': { kind: 'standalone', tls: false, at: { host: 'redis.example', port: 7000 }, db: 3 },
  'rediss://redis.example': { kind: 'standalone', tls: true, at: { host: 'redis.example', port: 6379 }, db: 0 },
  'redis://[::1]:7000': { kind: 'standalone', tls: false, at: { host: '::1', port: 7000 }, db: 0 },
  'redis://[fe80::1]': { kind: 'standalone', tls: false, at: { host: 'fe80::1', port: 6379 }, db: 0 },
  'redis://user:secret@127.0.0.1': {
    kind: 'standalone',
    tls: false,
    username: 'user',
    password: 'secret',
    at: local,
    db: 0,
  },
  'redis://:secret@127.0.0.1': { kind: 'standalone', tls: false, password: 'secret', at: local, db: 0 },
  'redis://user@127.0.0.1': { kind: 'standalone', tls: false, username: 'user', at: local, db: 0 },
  'redis://u%40x:p%2F%3a%40%25:q@127.0.0.1': {
    kind: 'standalone',
    tls: false,
    username: 'u@x',
    password: 'p/:@%:q',
    at: local,
    db: 0,
  },
  'unix:///run/redis.sock': { kind: 'standalone', tls: false, at: { path: '/run/redis.sock' }, db: 0 },
  'unix://user:s%20t@/run/my%20redis.sock?db=2': {
    kind: 'standalone',
    tls: false,
    username: 'user',
    password: 's t',
    at: { path: '/run/my redis.sock' },
    db: 2,
  },
  'redis+sentinel://a,b:7000,[::1]/main': {
    kind: 'sentinel',
    tls: false,
    sentinels: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 7000 },
      { host: '::1', port: 26_379 },
    ],
    master: 'main',
    db: 0,
  },
  'rediss+sentinel://:secret@a/my%20main/4': {
    kind: 'sentinel',
    tls: true,
    password: 'secret',
    sentinels: [{ host: 'a', port: 26_379 }],
    master: 'my main',
    db: 4,
  },
  'redis+cluster://a,b:7000': {
    kind: 'cluster',
    tls: false,
    seeds: [
      { host: 'a', port: 6379 },
      { host: 'b', port: 7000 },
    ],
  },
  'rediss+cluster://user:secret@[::1]:7000/': {
    kind: 'cluster',
    tls: true,
    username: 'user',
    password: 'secret',
    seeds: [{ host: '::1', port: 7000 }],
  },
}

for (const [url, address] of Object.entries(FORMS))
  t.test(`reads ${url}`, async t => {
    t.strictSame(parseRedisUrl(url), address)
  })

const MALFORMED: Record<string, RegExp> = {
  'redis:user:s3cret@host': /none of/,
  'http://user:s3cret@host': /none of/,
  'redis+other://user:s3cret@host': /none of/,
  'redis://user:s3cret@': /none of/,
  'redis://user:s3cret@host?db=1': /none of/,
  'redis://user:s3cret@host#1': /none of/,
  'redis://user:s3c@ret@host': /percent-encoded/,
  'redis://user:s3c/ret@host': /percent-encoded/,
  'redis://user:12/s3cret@host': /percent-encoded/,
  'redis+cluster://user:12/s3cret@host': /percent-encoded/,
  'redis+sentinel://user:12/s3cret@host': /percent-encoded/,
  'redis://user:s3cret%@host': /percent sign/,
  'redis://user:s3cret%zz@host': /percent sign/,
  'redis://user:s3cret@host:port': /not host:port/,
  'redis://user:s3cret@host:65536': /not host:port/,
  'redis://user:s3cret@host:0': /not host:port/,
  'redis://user:s3cret@:6379': /not host:port/,
  'redis://user:s3cret@::1': /not host:port/,
  'redis://user:s3cret@[::1': /not host:port/,
  'redis+cluster://user:s3cret@a,,b': /not host:port/,
  'redis://user:s3cret@a,b': /several hosts/,
  'redis://user:s3cret@host/zero': /database/,
  'redis://user:s3cret@host/-1': /database/,
  'redis://user:s3cret@host/0/1': /more than/,
  'redis+sentinel://user:s3cret@host': /no master/,
  'redis+sentinel://user:s3cret@host/': /no master/,
  'redis+sentinel://user:s3cret@host/main/x': /database/,
  'redis+sentinel://user:s3cret@host/main/0/1': /more than/,
  'redis+cluster://user:s3cret@host/1': /more than/,
  'unix://user:s3cret@': /no socket/,
  'unix://user:s3cret@run/redis.sock': /no socket/,
  'unix://user:s3cret@/run/redis.sock?db=x': /no socket/,
}

for (const [url, words] of Object.entries(MALFORMED))
  t.test(`refuses ${url}, and does not repeat it`, async t => {
    try {
      parseRedisUrl(url)
      t.fail('it was taken')
    } catch (error) {
      t.ok(error instanceof ConfigError)
      t.match((error as Error).message, words)
      t.match((error as Error).message, /^REDIS_URL /)
      t.notMatch((error as Error).message, /s3c|ret@|user:/)
    }
  })
