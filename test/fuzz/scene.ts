import type { Test } from 'tap'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

/** Secrets that the fuzz sends, or that the gateway is started with: none may stand in a log. */
export const SECRETS = /FUZZ-SECRET|fuzz-pa55word|FUZZ-KEY/

/** The built program on a Redis with a password, logging all that it ever logs. */
export async function startScene(t: Pick<Test, 'teardown'>) {
  const redis = await startRedis(t, { args: ['--requirepass', 'fuzz-pa55word'] })
  const cli = (...args: string[]) => redis.cli('--no-auth-warning', '-a', 'fuzz-pa55word', ...args)
  const gateway = await startGateway(t, {
    REDIS_URL: `redis://:fuzz-pa55word@127.0.0.1:${redis.port}`,
    LOG_LEVEL: 'debug',
    ALLOWED_ORIGINS: 'https://app.example.com',
    HISTORY: 'news=50,kept*=20/10m,a*=5',
    IDEMPOTENCY_SECONDS: '5',
    // Who shows nothing may do everything, so that whatever is shown is looked at, and nothing is kept from the fuzz.
    ANONYMOUS_GRANTS: '{"admin":["*"]}',
    JWT_SECRET: 'fuzz-pa55word fuzz-pa55word fuzz-pa55word',
    JWT_COOKIE: 'token',
    PUBLIC_PAGES: 'metrics,openapi,docs,console',
  })
  return { redis: { ...redis, cli }, gateway }
}
