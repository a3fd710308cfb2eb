import t from 'tap'
import { startGateway } from '../support/gateway.js'

const CASES: Record<string, { environment: Record<string, string>; words: RegExp }> = {
  'a CA file that cannot be read': {
    environment: { REDIS_URL: 'rediss://127.0.0.1', REDIS_CA_FILE: '/nowhere/ca.pem' },
    words: /REDIS_CA_FILE cannot be read: ENOENT/,
  },
  'sharded Pub/Sub without a Cluster': {
    environment: { REDIS_URL: 'redis://127.0.0.1', REDIS_SHARDED: 'true' },
    words: /REDIS_SHARDED needs a redis\+cluster:\/\/ REDIS_URL/,
  },
  'a password that is not percent-encoded': {
    environment: { REDIS_URL: 'redis://user:s3c@ret@127.0.0.1' },
    words: /percent-encoded/,
  },
}

for (const [what, { environment, words }] of Object.entries(CASES))
  t.test(`does not start with ${what}: reports it and exits with 1`, async t => {
    const error: unknown = await startGateway(t, environment).catch(error => error)
    t.ok(error instanceof Error)
    const { message } = error as Error // as was just found
    t.match(message, /^the gateway ended with 1:/)
    t.match(message, /cannot start because of a setting/)
    t.match(message, words)
    t.notMatch(message, /s3c|ret@| at .*\.js:/, 'no password, no stack')
  })
