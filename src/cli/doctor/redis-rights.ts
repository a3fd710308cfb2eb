import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { historyKey, idempotencyKey, positionKey } from '../../brokers/redis/commands/keys.js'
import type { Config } from '../../config/config.js'
import { type Finding, ok, problem, warning } from './finding.js'

/** A command that a gateway uses, with the rule that allows it. */
type Attempt = [rule: string, attempt: () => Promise<unknown>]

/** Tries each command that a gateway uses, and names the rule that each refused one needs. */
export async function checkRights(
  asking: Redis,
  listening: Redis,
  config: Config,
  channel: string,
): Promise<Finding[]> {
  const missing = await missingRules(pubSub(asking, listening, config, channel))
  const rights =
    missing.length === 0
      ? ok('rights', 'the user has all rights')
      : problem('rights', `the user lacks ${missing.join(', ')}`, ADVICE)
  const missingOptional = await missingRules(optionalRights(asking, config))
  const keeping = keepingCommands(asking)
  const findings = [rights]
  if (missingOptional.length > 0)
    findings.push(ok('optional rights', `the user lacks ${missingOptional.join(', ')}; the gateway works without`))
  // Without HISTORY it is only who sends an Idempotency-Key that needs them.
  findings.push(
    config.HISTORY === ''
      ? optional('rights for Idempotency-Key', await missingRules(keeping), 'A publish with a key gets 503.')
      : required('rights for history', await missingRules(keeping)),
  )
  findings.push(
    optional(
      'rights to load scripts',
      await missingRules(scriptCommands(asking)),
      'Each publish with history or an Idempotency-Key sends the text of its script (4 KB).',
    ),
  )
  findings.push(
    optional('rights for tickets', await missingRules(ticketCommands(asking)), 'POST /tickets is answered with 503.'),
  )
  findings.push(
    optional(
      'rights for rates',
      await missingRules(rateCommands(asking)),
      'Each gateway limits tickets and publishes (PUBLISH_RATE) by itself, so a caller may exceed its rate.',
    ),
  )
  return findings
}

const ADVICE = 'docs/deploy.md has a complete ACL rule.'

const required = (about: string, missing: string[]): Finding =>
  missing.length === 0 ? ok(about, 'complete') : problem(about, `the user lacks ${missing.join(', ')}`, ADVICE)

const optional = (about: string, missing: string[], consequence: string): Finding =>
  missing.length === 0
    ? ok(about, 'complete')
    : warning(about, `the user lacks ${missing.join(', ')}. ${consequence}`, ADVICE)

async function missingRules(attempts: readonly Attempt[]): Promise<string[]> {
  const missing: string[] = []
  for (const [rule, attempt] of attempts) {
    try {
      await attempt()
    } catch (error) {
      const { message } = error as Error
      if (UNRELATED_TO_RIGHTS.test(message)) continue
      if (!isRefusal(error as Error)) throw error
      missing.push(rule)
    }
  }
  return missing
}

export const isRefusal = ({ message }: Error): boolean =>
  /NOPERM|unknown (sub)?command|not allowed/i.test(message) && !UNRELATED_TO_RIGHTS.test(message)

/** Redis looks at the rights first: the key is at another node, there is no memory, it is a replica. */
const UNRELATED_TO_RIGHTS = /^(MOVED|ASK|OOM|READONLY|MISCONF|NOREPLICAS|NOSCRIPT)\b/

function pubSub(asking: Redis, listening: Redis, config: Config, channel: string): Attempt[] {
  const own = `carillon:doctor:${randomUUID()}`
  return [
    ['+publish &carillon:*', () => asking.publish(own, '')],
    ['+subscribe &carillon:*', () => listening.subscribe(own)],
    ['+unsubscribe', () => listening.unsubscribe(own)],
    [`+publish &${channel}`, () => asking.publish(channel, 'carillon doctor')],
    [`+subscribe &${channel}`, () => listening.subscribe(channel)],
    ['+pubsub', () => asking.pubsub('NUMSUB', own)],
    ['+eval', () => asking.eval("return redis.call('PUBLISH', ARGV[1], '')", 0, own)],
    ...(config.REDIS_URL?.includes('+sentinel')
      ? [['+del ~carillon:fence', () => asking.del('carillon:fence')] satisfies Attempt]
      : []),
    config.REDIS_SHARDED
      ? ['+spublish +ssubscribe', () => asking.call('SPUBLISH', own, '')]
      : ['+psubscribe +punsubscribe (for patterns)', () => patterns(listening, own)],
  ]
}

/** Rights that are optional: the gateway has another way, or they only help an operator who inspects Redis. */
const optionalRights = (asking: Redis, { HISTORY }: Config): Attempt[] => [
  ['+ping', () => asking.ping()],
  ['+info', () => asking.info('server')],
  ['+role', () => asking.role()],
  ['+client|setname', () => asking.client('SETNAME', 'carillon:doctor')],
  // Without it, every restart of Redis counts as one that may have lost something.
  ...(HISTORY === '' ? [] : [['+config|get', () => asking.config('GET', 'appendfsync')] satisfies Attempt]),
]

/** Commands that make a publish with a history or an idempotency key cheaper. */
const scriptCommands = (asking: Redis): Attempt[] => [
  ['+client|info', () => asking.call('CLIENT', 'INFO')],
  ['+script|load', () => asking.script('LOAD', 'return 1')],
  ['+evalsha', () => asking.evalsha('0'.repeat(40), 0)],
]

async function patterns(redis: Redis, own: string): Promise<void> {
  await redis.psubscribe(`${own}*`)
  await redis.punsubscribe(`${own}*`)
}

/** Commands for history and idempotency keys, tried on short-lived keys of a channel that nothing else uses. */
function keepingCommands(redis: Redis): Attempt[] {
  const channel = `doctor:${randomUUID()}`
  const [stream, position, memo] = [historyKey(channel), positionKey(channel), idempotencyKey(channel, 'doctor')]
  return [
    ['+time', () => redis.time()],
    ['+set ~carillon:idempotency:*', () => redis.set(memo, '', 'PX', SOON_MS)],
    ['+get', () => redis.get(memo)],
    ['+hset ~carillon:position:*', () => redis.hset(position, 'epoch', '')],
    ['+pexpire', () => redis.pexpire(position, SOON_MS)],
    ['+hmget', () => redis.hmget(position, 'epoch')],
    ['+xadd ~carillon:history:*', () => redis.xadd(stream, '1-1', 'd', '')],
    ['+xlen', () => redis.xlen(stream)],
    ['+xrange', () => redis.xrange(stream, '-', '+')],
    ['+memory|usage', () => redis.memory('USAGE', stream)],
    ['+xtrim', () => redis.xtrim(stream, 'MAXLEN', 1)],
    ['+xdel', () => redis.xdel(stream, '1-1')],
    [
      '+del',
      async () => {
        for (const key of [stream, position, memo]) await redis.del(key)
      },
    ],
    // Where it may not be deleted it expires, unless that may not be either.
    ['+pexpire', () => redis.pexpire(stream, SOON_MS)],
  ]
}

function ticketCommands(redis: Redis): Attempt[] {
  const key = `carillon:vault:doctor:${randomUUID()}`
  return [
    ['+set ~carillon:vault:*', () => redis.set(key, '', 'PX', SOON_MS)],
    ['+get ~carillon:vault:*', () => redis.get(key)],
    ['+getdel', () => redis.getdel(key)],
  ]
}

function rateCommands(redis: Redis): Attempt[] {
  const key = `carillon:rate:doctor:${randomUUID()}`
  return [
    ['+evalsha', () => redis.evalsha('0'.repeat(40), 0)],
    ['+time', () => redis.time()],
    ['+set ~carillon:rate:*', () => redis.set(key, '0', 'PX', 1)],
    ['+get ~carillon:rate:*', () => redis.get(key)],
  ]
}

const SOON_MS = 5000
